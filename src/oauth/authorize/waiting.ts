// What waits for its user travels through the browser, sealed: nobody can read or change it on the way, and it comes
// back to exactly this request.
import { AUTHORIZATION_SECONDS } from '../../domain/limits.ts'
import type { Parts } from '../../sign-in/parts.ts'

interface Waiting {
  readonly begunAt: number
}

export interface WaitingRoom<Request extends Waiting> {
  seal(parts: Pick<Parts, 'secrets'>, request: Request): Promise<string>
  /** null for anything that is not ours, or has waited too long. */
  unseal(parts: Pick<Parts, 'secrets'>, sealed: string, now: number): Promise<Request | null>
}

/** @param context what is sealed in one context is nothing in another */
export const createWaitingRoom = <Request extends Waiting>(context: string): WaitingRoom<Request> => ({
  seal: ({ secrets }, request) => secrets.seal('authorization', context, JSON.stringify(request)),

  async unseal({ secrets }, sealed, now) {
    const text = await secrets.unseal('authorization', context, sealed)
    if (text === null) return null
    const request = JSON.parse(text) as Request
    return now - request.begunAt <= AUTHORIZATION_SECONDS ? request : null
  },
})
