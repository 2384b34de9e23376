// One question over HTTP: is somebody there, and well?

const ANSWER_MS = 5_000

/** true for a 2xx answer, false for any other and for none */
export async function isAnswering(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
