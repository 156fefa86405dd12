import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { targetFacets } from "#events/facets/target.js"
import { certificatesFacts } from "#discovery/facts/certificates.js"
import { absent, denied, machine, recorded } from "./materials.js"

const factsOf = (certificates: string) => certificatesFacts(machine({ certificates }))
const said = "text" in recorded.certificates ? recorded.certificates.text : ""

describe("the certificates that a machine serves", () => {
  // `openssl x509` prints the same of it.
  it("are known by the port, with all that they are for", () => {
    expect(factsOf(said)).toEqual({
      fields: {
        "cert:443": {
          subject: "C=DE, O=Example\\, Inc., CN=recorded.example.org",
          issuer: "C=DE, O=Example\\, Inc., CN=recorded.example.org",
          notAfter: "2036-11-22T17:38:24.000Z",
          fingerprint:
            "B1:13:51:98:D8:69:B6:47:2F:32:43:F8:7C:27:8E:33:B7:7B:15:B5:1B:EC:86:E5:CD:20:A3:70:9A:56:C3:91",
          names: { "name:recorded.example.org": {}, "name:*.example.org": {}, "name:192.0.2.1": {} },
          selfSigned: true,
        },
      },
      notLooked: {},
    })
  })

  it("are none where no service shows one", () => {
    expect(factsOf("8443\n")).toEqual({ fields: {}, notLooked: {} })
    expect(factsOf("490512 ")).toEqual({ fields: {}, notLooked: {} })
  })

  it("stay as they are known where a service did not answer, or shows what nobody understands", () => {
    const broken = "993\n-----BEGIN CERTIFICATE-----\nTm8=\n-----END CERTIFICATE-----"
    const { fields, notLooked } = factsOf([said.trimEnd(), "465 ?", broken].join("\n"))
    expect(Object.keys(fields ?? {})).toEqual(["cert:443", "cert:465", "cert:993"])
    expect(fields).toMatchObject({ "cert:465": {}, "cert:993": {} })
    expect(notLooked).toEqual({ "/certificates/*": "a service did not show a whole certificate in time" })
  })

  it("are not looked at without openssl", () => {
    for (const certificates of [absent, denied])
      expect(certificatesFacts(machine({ certificates }))).toMatchObject({
        fields: undefined,
        notLooked: { "/certificates": expect.any(String) },
      })
  })

  it("are held by their schema, whatever is said", () => {
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1"))
    const law = fc.property(noise, fc.nat(), fc.nat(), (put, from, to) => {
      const damaged = said.slice(0, from % said.length) + put + said.slice(to % said.length)
      for (const text of [damaged, `${damaged}\n${said}`]) targetFacets.certificates.parse(factsOf(text).fields)
    })
    expect(() => fc.assert(law, { numRuns: 300 })).not.toThrow()
  })
})
