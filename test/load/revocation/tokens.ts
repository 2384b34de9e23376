// Tokens for a resource server, and the ways in which they end.

import { NOTES_CLIENT } from '../../../src/cli/dev/demo-clients.ts'
import { createDevice, type Device } from '../../../src/cli/device.ts'
import type { OwnInstance } from '../support/own-instance.ts'

export interface MortalToken {
  readonly how: string
  readonly text: string
  /** Resolves when it is acknowledged. Throws when it is refused. */
  end(): Promise<void>
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
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`)
    return text
  }
  const refresh = async (device: Device): Promise<void> => {
    const { refreshToken: refresh_token } = device
    const answer = await device.exchange({ grant_type: 'refresh_token', refresh_token, ...FOR_NOTES })
    if (answer.status !== 200) throw new Error(`a refresh: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  const signIn = async (index: number): Promise<Device> => {
    const device = createDevice(origin, mailbox, 'load', 'Load')
    const answer = await device.signIn(`person-${index}@load.test`)
    if (answer.status !== 200) throw new Error(`a sign-in: ${answer.status} ${JSON.stringify(answer.body)}`)
    await refresh(device)
    return device
  }

  return [
    async index => {
      const device = await signIn(index)
      const end = async () => {
        const { status } = await device.request('POST', '/oauth2/logout')
        if (status !== 204) throw new Error(`signing out: ${status}`)
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
