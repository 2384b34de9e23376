// An answer of any length, made piece by piece as its reader takes it.
import { utf8 } from '../domain/encoding.ts'
import { errorName, log } from '../log.ts'

/**
 * The first part is made before there is an answer: what fails by then is refused as usual. A failure after that breaks
 * the answer off, so that nobody takes a part for the whole.
 */
export async function streamOf(parts: AsyncGenerator<string>): Promise<ReadableStream> {
  let next = await parts.next()
  return new ReadableStream(
    {
      async pull(controller) {
        // An empty part would end the pulling without an end of the stream.
        while (!next.done && next.value === '') next = await more(parts)
        if (next.done) return controller.close()
        controller.enqueue(utf8(next.value))
        next = EMPTY
      },
      async cancel() {
        await parts.return(undefined)
      },
    },
    // Nothing is made that nobody takes: an answer to HEAD is never read.
    { highWaterMark: 0 },
  )
}

/** Nobody else hears of it: the answer has long begun. */
async function more(parts: AsyncGenerator<string>): Promise<IteratorResult<string>> {
  try {
    return await parts.next()
  } catch (error) {
    log('error', { event: 'answer.broken_off', error: errorName(error) })
    throw error
  }
}

const EMPTY: IteratorResult<string> = { done: false, value: '' }
