// Where the events of a round come from: people who sign in, others who change their preferences meanwhile, and in the end
// everybody who has signed in is signed out at once.
import { randomBytes } from 'node:crypto'
import type { Device } from '../../../src/cli/device.ts'
import { ACCESS_TOKEN_MAX_SECONDS } from '../../../src/domain/limits.ts'
import type { OwnInstance } from '../support/own-instance.ts'
import { atPace, type SignedIn, signIn, signInUnlessBusy } from '../support/sign-ins.ts'
import type { Plan } from './measure.ts'

export interface Crowd {
  /** Of those who sign in and are signed out. */
  readonly clientId: string
  /** Signed in all the time, and changing their minds. */
  readonly devices: readonly Device[]
}

const CROWD = 10

export async function gatherCrowd(instance: OwnInstance): Promise<Crowd> {
  const register = async (client_id: string) => {
    const kind = { kind: 'first_party', type: 'public', scopes: ['sessions'] }
    // A round may last longer than a token usually does.
    const client = { client_id, name: 'Load', ...kind, access_token_seconds: ACCESS_TOKEN_MAX_SECONDS }
    await instance.operator.ask('POST', '/clients', client)
    return client_id
  }
  const clientId = await register('load')
  const staying = await register('load-staying')
  const devices: Device[] = []
  for (let index = 0; index < CROWD; index++) {
    devices.push((await signIn(instance, staying, `crowd-${index}@load.test`)).device)
  }
  return { clientId, devices }
}

export interface Made {
  readonly signIns: readonly SignedIn[]
  /** Sign-ins and changes that a machine with too much to do has refused, with 503. */
  readonly refused: number
}

export async function makeEvents(
  instance: OwnInstance,
  { events, rounds, signInsPerSecond, changesPerSecond }: Plan,
  { clientId, devices }: Crowd,
): Promise<Made> {
  for (const device of devices) {
    const { status } = await device.refresh()
    if (status !== 200) throw new Error(`somebody of the crowd is signed out: ${status}`)
  }
  // Every sign-in is two events in the end; the first change of each of the crowd may be none.
  const seconds = (events / rounds + CROWD) / (2 * signInsPerSecond + changesPerSecond)
  const name = randomBytes(4).toString('hex')
  let refused = 0
  const changing = () =>
    atPace(changesPerSecond, Math.ceil(seconds * changesPerSecond), async index => {
      const { status } = await (devices[index % devices.length] as Device).request('PUT', '/v1/preferences', {
        one_session_per_client: Math.floor(index / devices.length) % 2 === 0,
        one_device: false,
        notify: { new_sign_in: 'always' },
      })
      if (status === 503) refused++
      else if (status !== 200) throw new Error(`a preference was not changed: ${status}`)
    })
  const signingIn = () =>
    atPace(signInsPerSecond, Math.ceil(seconds * signInsPerSecond), index =>
      signInUnlessBusy(instance, clientId, `${name}-${index}@load.test`),
    )
  const [signedIn] = await Promise.all([signingIn(), changing()])
  await instance.operator.ask('POST', `/clients/${clientId}/revoke-sessions`)
  const signIns = signedIn.filter(each => each !== null)
  return { signIns, refused: refused + signedIn.length - signIns.length }
}
