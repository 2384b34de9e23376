// Initial access tokens (RFC 7591 §1.2): <id>.<secret>, so that one row is read and its digest compared.
import type { Parts } from '../../sign-in/parts.ts'
import { findRegistrationToken } from '../../store/registration-tokens.ts'
import { digest, digestsEqual } from '../../tokens/digest.ts'
import { randomId, randomSecret } from '../../tokens/random.ts'

const FORM = /^(it_[A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/

export async function mintInitialAccessToken(): Promise<{ id: string; text: string; digest: string }> {
  const id = randomId('it')
  const secret = randomSecret()
  return { id, text: `${id}.${secret}`, digest: await digest('initial-access-token', secret) }
}

/** Its id, or null for one that is not ours, has expired or is used up. */
export async function readInitialAccessToken(
  parts: Pick<Parts, 'shards'>,
  text: string,
  now: number,
): Promise<string | null> {
  const [, id, secret] = FORM.exec(text) ?? []
  if (id === undefined || secret === undefined) return null
  const row = await findRegistrationToken(parts.shards.global, id)
  if (row === null || row.expires_at <= now) return null
  if (row.max_uses !== null && row.uses >= row.max_uses) return null
  return digestsEqual(row.secret_digest, await digest('initial-access-token', secret)) ? id : null
}
