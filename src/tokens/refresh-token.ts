// Refresh tokens: r_<session>.<generation>.<secret>. The secret is random, and sealed into it are the facts of
// the session that never change. So a spent token of any generation is known as ours without being kept, an
// invented one is not, and a refresh needs no read before its one write.
import { isTaggedId, parseGeneration } from '../domain/ids.ts'
import { TOKEN_MAX_CHARS } from '../domain/limits.ts'
import type { SignedInWith } from '../domain/session.ts'
import { digest } from './digest.ts'
import { randomSecret } from './random.ts'
import type { Secrets } from './secrets.ts'

export interface RefreshFacts {
  readonly userId: string
  readonly clientId: string
  /** The ceiling: a refresh can ask for less, never for more (RFC 6749 §6). */
  readonly scope: string
  readonly audience: string
  readonly authTime: number
  readonly amr: readonly SignedInWith[]
  readonly absoluteExpiresAt: number
  /** Of a public client: the key without which the token is worth nothing (RFC 9449 §5). */
  readonly jkt?: string
}

export interface RefreshToken {
  readonly text: string
  readonly digest: string
  readonly sessionId: string
  readonly generation: number
  readonly facts: RefreshFacts
}

const FORM = /^r_(s_[A-Za-z0-9_-]+)\.([0-9]+)\.([A-Za-z0-9_-]{43})([A-Za-z0-9_-]+)$/

export async function mintRefreshToken(
  secrets: Secrets,
  sessionId: string,
  generation: number,
  facts: RefreshFacts,
): Promise<RefreshToken> {
  const random = randomSecret()
  const head = `r_${sessionId}.${generation}.${random}`
  const text = `${head}${await secrets.seal('refresh-facts', head, JSON.stringify(facts))}`
  return { text, digest: await digest('refresh-token', text), sessionId, generation, facts }
}

/** null for anything that this deployment did not issue. */
export async function readRefreshToken(secrets: Secrets, text: string): Promise<RefreshToken | null> {
  if (text.length > TOKEN_MAX_CHARS) return null
  const [, sessionId, generationText, random, sealed] = FORM.exec(text) ?? []
  const generation = parseGeneration(generationText)
  if (!isTaggedId('s', sessionId) || generation === null || sealed === undefined) return null
  const facts = await secrets.unseal('refresh-facts', `r_${sessionId}.${generation}.${random}`, sealed)
  if (facts === null) return null
  return {
    text,
    digest: await digest('refresh-token', text),
    sessionId,
    generation,
    facts: JSON.parse(facts) as RefreshFacts,
  }
}
