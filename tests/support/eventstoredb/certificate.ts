/**
 * A self-signed certificate, made when it is needed: no key lies in the repository, and no tool has to be installed. X.509 v3
 * (RFC 5280) on P-256, encoded in DER by hand: a tag, a length, a value, and the values of a sequence one after the other.
 */
import { type KeyObject, generateKeyPairSync, randomBytes, sign } from "node:crypto"

export interface Certificate {
  /** PEM. It is its own authority. */
  readonly certificate: string
  readonly key: string
}

const day = 24 * 60 * 60 * 1000

/** Valid for the host's name from yesterday until tomorrow. */
export function selfSigned(host: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const body = toBeSigned(publicKey, host)
  const signature = bitString(sign("sha256", body, privateKey))
  return {
    certificate: pem("CERTIFICATE", sequence(body, sequence(ecdsaWithSha256), signature)),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  }
}

function toBeSigned(publicKey: KeyObject, host: string): Buffer {
  const name = sequence(set(sequence(commonName, utf8String("EventStoreDB of a test"))))
  const now = Date.now()
  return sequence(
    der(0xa0, integer(2)),
    integer(1, ...randomBytes(15)),
    sequence(ecdsaWithSha256),
    name,
    sequence(utcTime(now - day), utcTime(now + day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      sequence(isAuthority, sequence(subjectAltName, octetString(sequence(der(0x82, Buffer.from(host, "ascii")))))),
    ),
  )
}

function der(tag: number, ...values: readonly Buffer[]): Buffer {
  const value = Buffer.concat(values)
  const size = value.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), value])
}

const sequence = (...values: readonly Buffer[]) => der(0x30, ...values)
const set = (...values: readonly Buffer[]) => der(0x31, ...values)
/** Positive as long as its first byte is below 128. */
const integer = (...bytes: readonly number[]) => der(0x02, Buffer.from(bytes))
const octetString = (value: Buffer) => der(0x04, value)
const bitString = (value: Buffer) => der(0x03, Buffer.from([0]), value)
const utf8String = (text: string) => der(0x0c, Buffer.from(text, "utf8"))
/** YYMMDDhhmmssZ, until 2049. */
const utcTime = (ms: number) => der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/\D/g, "").slice(2, 14)}Z`))

const ecdsaWithSha256 = Buffer.from("06082a8648ce3d040302", "hex")
const commonName = Buffer.from("0603550403", "hex")
const subjectAltName = Buffer.from("0603551d11", "hex")
/** basicConstraints, critical: cA. */
const isAuthority = sequence(
  Buffer.from("0603551d130101ff", "hex"),
  octetString(sequence(Buffer.from("0101ff", "hex"))),
)

function pem(label: string, value: Buffer): string {
  const lines = value.toString("base64").match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n")
}
