// A device with an app on it, as the service sees one: it speaks HTTP and keeps its tokens.
import { createHash, randomBytes } from 'node:crypto'
import { MAGIC_LINK_GRANT } from '../domain/client.ts'
import { findCode, type Mailbox } from './mailbox.ts'

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Device {
  /** The tokens of the last good answer of the token endpoint. */
  readonly accessToken: string
  readonly refreshToken: string
  /** Asks for the mail, reads the code, exchanges it; answers what the token endpoint said. */
  signIn(email: string): Promise<Answer>
  /** Any grant of the token endpoint. */
  exchange(parameters: Readonly<Record<string, string>>): Promise<Answer>
  refresh(): Promise<Answer>
  /** One request with the access token. */
  request(method: string, path: string, body?: object): Promise<Answer>
}

export function createDevice(origin: string, mailbox: Mailbox, clientId: string, name: string): Device {
  let accessToken = ''
  let refreshToken = ''

  const exchange: Device['exchange'] = async parameters => {
    const body = new URLSearchParams({ client_id: clientId, ...parameters })
    const answer = await send(`${origin}/oauth2/token`, { method: 'POST', body })
    if (answer.status === 200) {
      accessToken = String(answer.body.access_token)
      refreshToken = String(answer.body.refresh_token)
    }
    return answer
  }

  return {
    get accessToken() {
      return accessToken
    },
    get refreshToken() {
      return refreshToken
    },

    async signIn(email) {
      const { verifier, challenge } = createPkce()
      const asked = await send(`${origin}/v1/sign-ins`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ client_id: clientId, email, ...challenge, device_name: name }),
      })
      if (asked.status !== 202) return asked
      const mail = await mailbox(email, candidate => findCode(candidate) !== null)
      return exchange({
        grant_type: MAGIC_LINK_GRANT,
        code_verifier: verifier,
        sign_in_id: String(asked.body.sign_in_id),
        code: findCode(mail) ?? '',
      })
    },

    exchange,
    refresh: () => exchange({ grant_type: 'refresh_token', refresh_token: refreshToken }),

    request: (method, path, body) =>
      send(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

/** A verifier, and its challenge as parameters (RFC 7636). */
export function createPkce() {
  const verifier = randomBytes(32).toString('base64url')
  const digest = createHash('sha256').update(verifier).digest('base64url')
  return { verifier, challenge: { code_challenge: digest, code_challenge_method: 'S256' } }
}

async function send(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}
