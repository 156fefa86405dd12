/** Who may ask: bearer tokens, one-time logins and the browser sessions that they open. Secrets are random, shown once and stored only as their hash. */
import * as crypto from "node:crypto"
import { type Clock, type Instant, epochMs, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Db } from "#sqlite/open.js"

export const scopes = ["read", "operate", "admin"] as const
export type Scope = (typeof scopes)[number]

export interface Token {
  readonly id: string
  readonly name: string
  readonly scope: Scope
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly revokedAt: Instant | null
}

export interface CreatedToken extends Token {
  /** Shown now and never again. */
  readonly secret: string
}

/** A `login` is good for one session, a `session` is a browser's, a `token` a program's. */
type Kind = "token" | "session" | "login"

const loginLifeMs = 15 * 60_000
const sessionLifeMs = 12 * 3_600_000

/** Those that were shown last need not be looked up again: so many. */
const remembered = 1_000

/** Each scope includes those before it. */
export function allows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed)
}

export type Tokens = ReturnType<typeof tokens>

export function tokens(db: Db, clock: Clock) {
  const columns = "id, name, scope, created_at AS createdAt, expires_at AS expiresAt, revoked_at AS revokedAt"
  const insert = db.prepare<[string, string, string, Uint8Array, string, string, string]>(
    "INSERT INTO tokens (id, name, kind, hash, scope, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  )
  const byHash = db.prepare<[Uint8Array], Token & { kind: string }>(
    `SELECT ${columns}, kind FROM tokens WHERE hash = ?`,
  )
  const all = db.prepare<[string], Token>(
    `SELECT ${columns} FROM tokens WHERE kind = 'token' AND created_at <= ? ORDER BY created_at, id`,
  )
  const named = db.prepare<[string, string, string], Token>(
    `SELECT ${columns} FROM tokens WHERE kind = 'token' AND revoked_at IS NULL AND (id = ? OR name = ?) AND expires_at > ?`,
  )
  const revoke = db.prepare<[string, string]>("UPDATE tokens SET revoked_at = ? WHERE id = ?")
  const forget = db.prepare<[string]>("DELETE FROM tokens WHERE kind <> 'token' AND expires_at <= ?")

  /** As they are stored; nobody else writes to the file. */
  const shown = new Map<string, Token & { kind: string }>()
  const lookedUp = (hash: Buffer) => {
    const key = hash.toString("latin1")
    const found = shown.get(key) ?? byHash.get(hash)
    if (found !== undefined && shown.size < remembered) shown.set(key, found)
    return found
  }
  const end = (now: Instant, id: string) => {
    revoke.run(now, id)
    shown.clear()
  }

  const living = (secret: string, kind: Kind): Token | undefined => {
    const found = lookedUp(hashOf(secret))
    if (found === undefined || found.kind !== kind || found.revokedAt !== null) return undefined
    return found.expiresAt > clock.now() ? found : undefined
  }

  const create = async (kind: Kind, name: string, scope: Scope, lifeMs: number): Promise<CreatedToken> => {
    const createdAt = clock.now()
    const expiresAt = instant(epochMs(createdAt) + lifeMs)
    const secret = `fl_${crypto.randomBytes(32).toString("base64url")}`
    const id = crypto.randomUUID()
    insert.run(id, name, kind, hashOf(secret), scope, createdAt, expiresAt)
    return { id, name, scope, createdAt, expiresAt, revokedAt: null, secret }
  }

  return {
    /** @throws FleetError `InvalidInput` when a living token has that name */
    async create(name: string, scope: Scope, lifeMs: number): Promise<CreatedToken> {
      if (named.get(name, name, clock.now()) !== undefined) {
        throw new FleetError(
          "InvalidInput",
          `there is a token "${name}" already; revoke it first or choose another name`,
        )
      }
      return create("token", name, scope, lifeMs)
    },
    /** A secret that `redeem` takes once. */
    createLogin: (name: string) => create("login", name, "admin", loginLifeMs),
    /** A session for a login's secret, which is worth nothing afterwards; undefined if it is not one, or no longer. */
    async redeem(secret: string): Promise<CreatedToken | undefined> {
      const now = clock.now()
      forget.run(now)
      shown.clear()
      const login = living(secret, "login")
      if (login === undefined) return undefined
      end(now, login.id)
      return create("session", login.name, login.scope, sessionLifeMs)
    },
    /** What is no session's secret ends nothing. */
    async endSession(secret: string): Promise<void> {
      const session = living(secret, "session")
      if (session !== undefined) end(clock.now(), session.id)
    },
    /** The token or session that this secret opens, if it is neither expired nor revoked. */
    check: async (secret: string, kind: "token" | "session"): Promise<Token | undefined> => living(secret, kind),
    /** Tokens that had been created by then. */
    async list(at: Instant): Promise<readonly Token[]> {
      return all.all(at).map((token) => ({
        ...token,
        revokedAt: token.revokedAt !== null && token.revokedAt <= at ? token.revokedAt : null,
      }))
    },
    /** @param reference id or name @throws FleetError `NotFound` */
    async revoke(reference: string): Promise<Token> {
      const now = clock.now()
      const token = named.get(reference, reference, now)
      if (token === undefined)
        throw new FleetError("NotFound", `no living token is called "${reference.slice(0, 120)}"`)
      end(now, token.id)
      return { ...token, revokedAt: now }
    },
  }
}

function hashOf(secret: string): Buffer {
  return crypto.createHash("sha256").update(secret, "utf8").digest()
}
