/** The signature of a message, as Standard Webhooks (standardwebhooks.com) has it: HMAC-SHA256 over id, time and body. */
import * as crypto from "node:crypto"

/** @param secret `whsec_` and base64, or any text, of which the bytes are the key */
export function signature(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret)
  const digest = crypto.createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")
  return `v1,${digest}`
}
