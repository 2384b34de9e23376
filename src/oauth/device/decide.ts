// The user's decision on a device: found by the code that was typed, asked about, decided once.
import type { Asked } from '../../domain/authorization.ts'
import { type Client, DEVICE_CODE_GRANT } from '../../domain/client.ts'
import {
  type Decision,
  type DeviceAuthorization,
  isUndecided,
  mayDecide,
} from '../../domain/device-authorization.ts'
import type { Session } from '../../domain/session.ts'
import { record } from '../../records/record.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import { decideDeviceAuthorization, findDeviceAuthorization } from '../../store/device-authorizations.ts'
import { grantConsent } from '../authorize/consent.ts'
import { createWaitingRoom } from '../authorize/waiting.ts'
import { isRegisteredFor } from '../registered.ts'
import { findByUserCode, type UserCodeKey } from './codes.ts'

/** What the page that asks has been shown for. */
export interface DeviceQuestion {
  readonly userCode: string
  readonly begunAt: number
  readonly asked: Asked
}

export const { seal: sealQuestion, unseal: unsealQuestion } = createWaitingRoom<DeviceQuestion>('device')

export interface FoundDevice {
  readonly key: UserCodeKey
  readonly authorization: DeviceAuthorization
  readonly client: Client
}

/** null for a code that is wrong, over or decided: nobody is told which. */
export async function findUndecided(
  parts: Parts,
  userCode: string,
  now: number,
): Promise<FoundDevice | null> {
  const found = await findDevice(parts, userCode, now)
  return found !== null && isUndecided(found.authorization, now) ? found : null
}

/** What its client has lost meanwhile is not granted. */
async function findDevice(parts: Parts, userCode: string, now: number): Promise<FoundDevice | null> {
  const found = await findByUserCode(parts, userCode, async key => {
    const authorization = await findDeviceAuthorization(key.db, key.digest)
    return authorization === null ? null : { key, authorization }
  })
  if (found === null) return null
  const { key, authorization } = found
  const client = await parts.findClient(authorization.clientId, now)
  const isStillRegistered =
    client?.grant_types.includes(DEVICE_CODE_GRANT) === true && isRegisteredFor(client, authorization.scope)
  return client !== null && isStillRegistered ? { key, authorization, client } : null
}

/**
 * Remembers the consent first: whoever polls in between finds either nothing decided or all of it.
 *
 * @returns the client; null when it was decided otherwise, or is over
 */
export async function decideOnDevice(
  parts: Parts,
  { userCode, asked: { decisionId } }: DeviceQuestion,
  decision: Decision,
  session: Session,
  facts: RequestFacts,
): Promise<Client | null> {
  const found = await findDevice(parts, userCode, facts.now)
  if (found === null || !mayDecide(found.authorization, decision, decisionId, facts.now)) return null
  const { key, client, authorization } = found
  if (decision === 'allow' && client.kind === 'third_party') {
    const consent = { scope: authorization.scope, decisionId }
    const granted = await grantConsent(parts, session, client, consent, facts)
    if (granted.tag !== 'changed') return null
  }
  const by = {
    decisionId,
    userId: session.userId,
    browserSessionId: session.id,
    signedInWith: session.signedInWith,
    authTime: session.createdAt,
  }
  if (!(await decideDeviceAuthorization(key.db, key.digest, decision, by, facts.now))) return null
  record('device.decided', { reason: decision, client_id: client.id })
  return client
}
