// A refresh that must succeed, one that must not, and what became of the session.
import { expect } from 'vitest'
import { admin, bearer, type Service } from './service.ts'
import { refresh, type Tokens } from './sign-in.ts'

export type Refreshable = Pick<Tokens, 'refresh_token' | 'client_id'>
type Fields = Readonly<Record<string, string>>

export interface LoggedEnd {
  readonly type: string
  readonly session_id: string
  readonly reason: string
  readonly by: unknown
}

export function refreshing(service: Service) {
  const whoami = (token: string) => service.request('/ping/whoami', bearer(token))
  return {
    whoami,
    isLive: async (tokens: Pick<Tokens, 'access_token'>) =>
      (await whoami(tokens.access_token)).status === 200,

    async use(tokens: Refreshable, more: Fields = {}): Promise<Tokens> {
      const response = await refresh(service, tokens, more)
      expect(response.status, await response.clone().text()).toBe(200)
      return response.json()
    },

    /** @returns the error code */
    async refused(tokens: Refreshable, more: Fields = {}): Promise<string> {
      const response = await refresh(service, tokens, more)
      expect(response.status).toBe(400)
      return ((await response.json()) as { error: string }).error
    },

    /** Sessions of this user that have ended, newest first. */
    async endings(tokens: Tokens): Promise<LoggedEnd[]> {
      const response = await service.request(`/admin/v1/users/${tokens.user_id}/events`, admin(service))
      const { events } = (await response.json()) as { events: LoggedEnd[] }
      return events.filter(event => event.type === 'session.ended')
    },
  }
}
