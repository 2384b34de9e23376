// Tokens for a resource server, and the ways in which they end.

import { NOTES_CLIENT } from '../../../src/cli/dev/demo-clients.ts'
import { type Answer, createDevice, type Device } from '../../../src/cli/device.ts'
import type { OwnInstance } from '../support/own-instance.ts'

export interface MortalToken {
  readonly how: string
  readonly text: string
  /** Resolves when it is acknowledged. Throws when it is refused. */
  end(): Promise<void>
}

/** The service, or the machine, has too much to do: nothing was found out. */
export class TooBusy extends Error {}

const TOO_BUSY = 503

/** Throws TooBusy, or with what was answered, unless it is this status. */
function expectStatus(wanted: number, what: string, { status, body }: Answer): void {
  if (status === TOO_BUSY) throw new TooBusy(what)
  if (status !== wanted) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`)
}

export type TokenMaker = (index: number) => Promise<MortalToken>

const FOR_NOTES = { resource: NOTES_CLIENT.audience }

export async function createTokenMakers(instance: OwnInstance): Promise<readonly TokenMaker[]> {
  const { origin, operator, mailbox } = instance
  await operator.ask('POST', '/clients', {
    ...{ client_id: 'load', name: 'Load', kind: 'first_party', type: 'public', scopes: ['read'] },
  })
  const robot = await operator.ask('POST', '/clients', {
    ...{ name: 'Load: a robot', kind: 'first_party', type: 'confidential', scopes: ['read'] },
    ...{ grant_types: ['client_credentials'] },
  })
  const credentials = Buffer.from(`${robot.client_id}:${robot.client_secret}`).toString('base64')
  const asRobot = async (path: string, form: Record<string, string>): Promise<string> => {
    const headers = { authorization: `Basic ${credentials}` }
    const body = new URLSearchParams(form)
    const response = await fetch(`${origin}${path}`, { method: 'POST', headers, body })
    const text = await response.text()
    expectStatus(200, path, { status: response.status, body: { text } })
    return text
  }
  const refresh = async (device: Device): Promise<void> => {
    const { refreshToken: refresh_token } = device
    expectStatus(
      200,
      'a refresh',
      await device.exchange({ grant_type: 'refresh_token', refresh_token, ...FOR_NOTES }),
    )
  }
  const signIn = async (index: number): Promise<Device> => {
    const device = createDevice(origin, mailbox, 'load', 'Load')
    expectStatus(200, 'a sign-in', await device.signIn(`person-${index}@load.test`))
    await refresh(device)
    return device
  }

  return [
    async index => {
      const device = await signIn(index)
      const end = async () => {
        expectStatus(204, 'signing out', await device.request('POST', '/oauth2/logout'))
      }
      return { how: 'session ended', text: device.accessToken, end }
    },
    async index => {
      const device = await signIn(index)
      return { how: 'token refreshed', text: device.accessToken, end: () => refresh(device) }
    },
    async () => {
      const issued = await asRobot('/oauth2/token', { grant_type: 'client_credentials', ...FOR_NOTES })
      const text = String(JSON.parse(issued).access_token)
      const end = async () => void (await asRobot('/oauth2/revoke', { token: text }))
      return { how: 'client’s token revoked', text, end }
    },
  ]
}
