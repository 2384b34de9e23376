// What the replacement of a secret of the deployment needs done: noted since when each is there, what stays sealed anew
// under the one in use, and of a former digest secret kept what checks the logs of its time.
import type { Config } from '../config.ts'
import {
  DEPLOYMENT_SECRETS,
  type DeploymentSecret,
  type OtherSecret,
  otherSecret,
} from '../domain/deployment-secrets.ts'
import { toBase64url } from '../domain/encoding.ts'
import { log } from '../log.ts'
import {
  type DeploymentSecretRow,
  type InSettings,
  keepChainKey,
  noteDeploymentSecrets,
} from '../store/deployment-secrets.ts'
import { listSealed, replaceSealed, type SealedPlace } from '../store/sealed-columns.ts'
import { secretId } from './secret-id.ts'
import { deriveMacKey, type SealPurpose, type Secrets } from './secrets.ts'

export interface SecretStanding {
  readonly name: DeploymentSecret
  readonly id: string
  /** Seconds. */
  readonly usedFrom: number
  readonly other: OtherSecret | null
  /** Of what stays: rows that only the other one opens. */
  readonly rowsUnderOther: number
}

export interface Deployment {
  readonly db: D1Database
  readonly accepted: Config['secrets']
  readonly secrets: Secrets
}

/** Safe to run again, and beside isolates that have other settings. Throws StorageUnavailable. */
export async function keepSecrets(deployment: Deployment, now: number): Promise<readonly SecretStanding[]> {
  const { db, accepted } = deployment
  const found = await Promise.all(DEPLOYMENT_SECRETS.map(name => inSettings(name, accepted)))
  const rows = await noteDeploymentSecrets(db, found, now)
  await keepFormerChainKey(deployment, rows)
  const left: Partial<Record<DeploymentSecret, number>> = { SEALING_SECRET: await resealAll(deployment) }
  return found.map(({ name, inUse, other }) => {
    const rowOf = (id: string | undefined) => rows.find(row => row.name === name && row.id === id)
    const [current, beside] = [rowOf(inUse), rowOf(other)]
    return {
      name,
      id: inUse,
      usedFrom: current?.used_from ?? now,
      other: current === undefined || beside === undefined ? null : otherSecret(current, beside),
      rowsUnderOther: left[name] ?? 0,
    }
  })
}

async function inSettings(name: DeploymentSecret, accepted: Config['secrets']): Promise<InSettings> {
  const [inUse, other] = accepted[name]
  return {
    name,
    inUse: await secretId(name, inUse),
    other: other === undefined ? undefined : await secretId(name, other),
  }
}

/** Of a former one only: the next has chained nothing yet. */
async function keepFormerChainKey(
  { db, accepted, secrets }: Deployment,
  rows: readonly DeploymentSecretRow[],
): Promise<void> {
  const [, other] = accepted.DIGEST_SECRET
  if (other === undefined) return
  const id = await secretId('DIGEST_SECRET', other)
  const row = rows.find(each => each.name === 'DIGEST_SECRET' && each.id === id)
  if (row === undefined || row.used_from === null || row.sealed_chain_key !== null) return
  const key = toBase64url(await deriveMacKey(other, 'event-chain'))
  await keepChainKey(db, id, await secrets.seal('chain-key', id, key))
}

const PURPOSES: Readonly<Record<SealedPlace, SealPurpose>> = {
  signing_key: 'signing-key',
  webhook: 'webhook-secret',
  former_webhook: 'webhook-secret',
  chain_key: 'chain-key',
}

/** @returns how many are left: others change them at this moment */
async function resealAll({ db, accepted, secrets }: Deployment): Promise<number> {
  if (accepted.SEALING_SECRET[1] === undefined) return 0
  let [done, left] = [0, 0]
  for (const value of await listSealed(db)) {
    // Of a webhook's former secrets there may be two in one place.
    const texts = value.sealed.split(' ')
    const resealed = await Promise.all(
      texts.map(text => secrets.reseal(PURPOSES[value.place], value.context, text)),
    )
    if (resealed.every(text => text === null)) continue
    const whole = texts.map((text, index) => resealed[index] ?? text).join(' ')
    if (await replaceSealed(db, value, whole)) done++
    else left++
  }
  if (done > 0) log('info', { event: 'secrets.resealed', rows: done })
  return left
}
