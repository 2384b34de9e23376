// A device with an app on it, as the service sees one: it speaks HTTP and keeps its access token.
import { createHash, randomBytes } from 'node:crypto'
import { MAGIC_LINK_GRANT } from '../domain/client.ts'
import { findCode, type Mailbox } from './mailbox.ts'

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface Device {
  /** Asks for the mail, reads the code, exchanges it; answers what the token endpoint said. */
  signIn(email: string): Promise<Answer>
  /** One request with the access token of the last sign-in. */
  request(method: string, path: string, body?: object): Promise<Answer>
}

export function createDevice(origin: string, mailbox: Mailbox, clientId: string, name: string): Device {
  let accessToken = ''

  return {
    async signIn(email) {
      const verifier = randomBytes(32).toString('base64url')
      const asked = await send(`${origin}/v1/sign-ins`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          client_id: clientId,
          email,
          code_challenge: createHash('sha256').update(verifier).digest('base64url'),
          code_challenge_method: 'S256',
          device_name: name,
        }),
      })
      if (asked.status !== 202) return asked
      const mail = await mailbox(email, candidate => findCode(candidate) !== null)
      const exchanged = await send(`${origin}/oauth2/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: MAGIC_LINK_GRANT,
          client_id: clientId,
          code_verifier: verifier,
          sign_in_id: String(asked.body.sign_in_id),
          code: findCode(mail) ?? '',
        }),
      })
      accessToken = String(exchanged.body.access_token)
      return exchanged
    },

    request: (method, path, body) =>
      send(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

async function send(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}
