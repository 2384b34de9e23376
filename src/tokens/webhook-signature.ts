// What webhooks are signed with (Standard Webhooks, "Symmetric": HMAC-SHA256 over id.timestamp.body).
import { toBase64, utf8 } from '../domain/encoding.ts'
import { randomBytes } from './random.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

export const mintWebhookSecret = (): string => `${PREFIX}${toBase64(randomBytes(SECRET_BYTES))}`

export interface WebhookAttempt {
  readonly id: string
  /** Seconds, of this try. */
  readonly timestamp: number
  readonly body: string
}

/** The value of `webhook-signature`: one signature for each secret, the current one's first. */
export async function signWebhook(secrets: readonly string[], attempt: WebhookAttempt): Promise<string> {
  const signatures = await Promise.all(secrets.map(secret => sign(secret, attempt)))
  return signatures.map(signature => `v1,${signature}`).join(' ')
}

async function sign(secret: string, { id, timestamp, body }: WebhookAttempt): Promise<string> {
  const bytes = Uint8Array.from(atob(secret.slice(PREFIX.length)), character => character.charCodeAt(0))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return toBase64(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(`${id}.${timestamp}.${body}`))))
}
