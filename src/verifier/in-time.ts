// Waiting for somebody else, and no longer than that.

/** false when the time is over first. Throws what the work throws. */
export async function settlesInTime(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work.then(() => true), timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** Throws when there is no answer in time. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  if (!(await settlesInTime(work, ms))) throw new Error('no answer in time')
  return work
}
