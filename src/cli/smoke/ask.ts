// One request to the instance that is looked at.

const ANSWER_MS = 10_000

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Follows no redirect. Throws when nobody answers in time. */
export type Asker = (url: string, init?: RequestInit) => Promise<Answer>

export const ask: Asker = async (url, init = {}) => {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS)
    const response = await fetch(url, { ...init, redirect: 'manual', signal })
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } }
    throw new Error(`no answer (${cause?.code ?? message})`, { cause })
  }
}
