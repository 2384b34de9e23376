// Proof Key for Code Exchange (RFC 7636), S256 only.
import { pkceChallenge } from '../tokens/digest.ts'
import { OAuthError } from './errors.ts'
import { type FormParameters, required } from './parameters.ts'

/** RFC 7636 §4.2: S256 of a verifier, 32 bytes in base64url. */
export const CODE_CHALLENGE = /^[A-Za-z0-9_-]{43}$/
/** RFC 7636 §4.1 */
const CODE_VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

/** The challenge of the form's verifier. Throws `invalid_request` when that is missing or malformed. */
export async function requiredChallenge(form: FormParameters): Promise<string> {
  const verifier = required(form, 'code_verifier')
  if (!CODE_VERIFIER.test(verifier)) throw new OAuthError('invalid_request', 'code_verifier is malformed')
  return pkceChallenge(verifier)
}
