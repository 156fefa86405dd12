/** Whatever the fleet calls itself, it says nothing to a browser. */
import { html as made } from "#kernel/html.js"
import { describe, expect, it } from "vitest"

describe("a template of HTML", () => {
  it("has what was made by it as it is, alone or as a list, and everything else as text", () => {
    const items = ["a<b", "c"].map((name) => made`<li>${name}</li>`)
    expect(made`<ul>${items}</ul>${made`<b>${7}</b>`}!`.text).toBe("<ul><li>a&lt;b</li><li>c</li></ul><b>7</b>!")
  })

  it("has nothing where there is nothing", () => {
    expect(made`<i>${null}${undefined}${""}${0}</i>`.text).toBe("<i>0</i>")
  })

  it("ends neither a tag nor an attribute by a text", () => {
    expect(made`<a title="${`"'><script>&`}">`.text).toBe(`<a title="&quot;&#39;&gt;&lt;script&gt;&amp;">`)
  })

  it("shows what would hide or turn writing, and keeps lines and tabs", () => {
    expect(made`${"a\u0000b\u001b[31mc\u202Ed\u200Be\u2028f\u2029g"}`.text).toBe(
      "a\ufffdb\ufffd[31mc\ufffdd\ufffde\ufffdf\ufffdg",
    )
    expect(made`${"a\n\tb"}`.text).toBe("a\n\tb")
  })
})
