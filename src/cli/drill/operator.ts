// What a drill asks of the instance in the operator's name.
import { generateKeyPairSync } from 'node:crypto'
import { DEVICE_CODE_GRANT } from '../../domain/client.ts'
import { readSecret } from '../secrets-file.ts'
import { DEV_VARS, UsageError } from '../settings.ts'

export interface Operator {
  /** The answer's JSON. Throws UsageError when it is refused. */
  ask(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>>
  /** How often open alarms of these kinds were raised. */
  countAlarms(kinds: readonly string[]): Promise<number>
}

export function createOperator(origin: string): Operator {
  const token = readSecret(DEV_VARS, 'ADMIN_TOKEN')
  const ask: Operator['ask'] = async (method, path, body) => {
    const response = await fetch(`${origin}/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new UsageError(`${method} /admin/v1${path}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
  return {
    ask,
    async countAlarms(kinds) {
      const { alarms } = (await ask('GET', '/alarms')) as { alarms: { kind: string; count: number }[] }
      return alarms.filter(({ kind }) => kinds.includes(kind)).reduce((sum, { count }) => sum + count, 0)
    },
  }
}

export interface TrialClients {
  readonly introspecting: { readonly id: string; readonly secret: string }
  readonly keyed: { readonly id: string; readonly kid: string }
  readonly ofDevices: { readonly id: string; readonly otherId: string }
  readonly selfRegistered: { readonly id: string }
  remove(): Promise<void>
}

/** A client with a secret, one with a key, one of devices and one that registers itself, for as long as the drill lasts. */
export async function registerTrialClients(origin: string, { ask }: Operator): Promise<TrialClients> {
  const kid = 'of-the-client'
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const common = {
    ...{ kind: 'first_party', type: 'confidential', scopes: ['read'] },
    grant_types: ['client_credentials'],
  }
  const introspecting = await ask('POST', '/clients', { ...common, name: 'Drill: a resource server' })
  const keyed = await ask('POST', '/clients', {
    ...{ ...common, name: 'Drill: a client with a key', token_endpoint_auth_method: 'private_key_jwt' },
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid }] },
  })
  const ofDevices = {
    ...{ name: 'Drill: a television', kind: 'first_party', type: 'public', scopes: ['openid'] },
    grant_types: [DEVICE_CODE_GRANT],
  }
  const television = await ask('POST', '/clients', ofDevices)
  const another = await ask('POST', '/clients', ofDevices)
  const ticket = await ask('POST', '/registration-tokens', { description: 'Drill', expires_in: 3600 })
  const selfRegistered = await registerItself(origin, String(ticket.token))
  const ids = [introspecting, keyed, television, another].map(client => client.client_id)
  return {
    ofDevices: { id: String(television.client_id), otherId: String(another.client_id) },
    selfRegistered,
    introspecting: { id: String(introspecting.client_id), secret: String(introspecting.client_secret) },
    keyed: { id: String(keyed.client_id), kid },
    async remove() {
      for (const id of [...ids, selfRegistered.id]) await ask('DELETE', `/clients/${id}`)
      await ask('DELETE', `/registration-tokens/${ticket.id}`)
    },
  }
}

async function registerItself(origin: string, token: string): Promise<{ readonly id: string }> {
  const answer = await fetch(`${origin}/oauth2/register`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Drill: an agent', redirect_uris: ['http://127.0.0.1/callback'] }),
  })
  if (!answer.ok) throw new UsageError(`No client could register itself: ${answer.status}.`)
  return { id: String(((await answer.json()) as { client_id: string }).client_id) }
}
