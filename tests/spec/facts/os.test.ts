import { describe, expect, it } from "vitest"
import { osFacts } from "#discovery/facts/os.js"
import { absent, machine, recorded } from "./materials.js"

describe("what runs on a machine", () => {
  it("is its distribution, its kernel and its boot", () => {
    expect(osFacts(recorded)).toEqual({
      fields: {
        id: "debian",
        name: "Debian GNU/Linux 12 (bookworm)",
        version: "12",
        kernel: "6.18.44-fc-v657",
        bootId: "907c5f8b-a7a6-4cf4-8e34-072fdecaf5b8",
      },
      notLooked: {},
    })
  })

  it("is read as a shell would read it, the last assignment winning", () => {
    // Constructed after os-release(5).
    const release = `# a comment\nID=first\nID='arch'\nPRETTY_NAME="A \\"rolling\\" one \\$5"\nVERSION_ID=\n`
    expect(osFacts(machine({ "os-release": release })).fields).toMatchObject({
      id: "arch",
      name: 'A "rolling" one $5',
      version: null,
    })
  })

  it("has no name where no distribution has left one", () => {
    expect(osFacts(machine({ "os-release": absent })).fields).toMatchObject({ id: null, name: null, version: null })
  })
})
