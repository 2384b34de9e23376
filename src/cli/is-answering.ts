// One question over HTTP: is somebody there, and well?

const ANSWER_MS = 5_000

/** null when nobody answers in time */
export async function findStatus(url: string): Promise<number | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return null
  }
}

export const isAnswering = async (url: string): Promise<boolean> => (await findStatus(url)) === 200
