// Makes the request and prints what came back.
import { once } from 'node:events'
import { UsageError } from '../settings.ts'
import type { AdminCommand } from './commands.ts'
import type { Instance } from './instance.ts'
import type { Call } from './read-call.ts'
import { type Json, renderTable, renderWhole } from './table.ts'
import { visible, visibleJson } from './visible.ts'

const ANSWER_MS = 60_000

/** Throws UsageError with the problem in words, also for an answer that tells of one. */
export async function runCall(
  command: AdminCommand,
  call: Call,
  instance: Instance,
  asJson: boolean,
): Promise<void> {
  const response = await send(call, instance, command.isStream === true)
  if (!response.ok) throw new UsageError(await refusalText(response))
  if (command.isStream) return passOn(response)
  const text = await response.text()
  if (asJson) {
    if (text !== '') console.log(visibleJson(text))
  } else console.log(text === '' ? 'Done.' : render(command, parseJson(text)))
  if (command.secret !== undefined && parseJson(text)[command.secret] !== undefined) {
    console.error(`\nKeep the ${command.secret} now, in a safe place: it is not shown again.`)
  }
  const failure = command.fails?.why(parseJson(text)) ?? null
  if (failure !== null) throw new UsageError(failure)
}

async function send(
  { method, path, body }: Call,
  { origin, token }: Instance,
  isStream: boolean,
): Promise<Response> {
  try {
    return await fetch(`${origin}${path}`, {
      method,
      // The token goes to this origin and to no other.
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      ...(isStream ? {} : { signal: AbortSignal.timeout(ANSWER_MS) }),
    })
  } catch {
    throw new UsageError(`Nothing answers at ${origin}. A local instance is started with npm run dev.`)
  }
}

function render({ list }: AdminCommand, answer: Json): string {
  if (list === undefined) return renderWhole(answer)
  const rows = answer[list.member]
  if (!Array.isArray(rows)) throw new UsageError(`The answer has no ${list.member}: is this Latchkey?`)
  return renderTable(rows as Json[], list.columns)
}

async function refusalText(response: Response): Promise<string> {
  const problem = parseJson(await response.text().catch(() => ''))
  const { title, detail, request_id: requestId } = problem
  const words = [title, detail].filter(
    (each, index, all) => typeof each === 'string' && all.indexOf(each) === index,
  )
  const told = words.length === 0 ? 'No reason was given: is this Latchkey?' : visible(words.join(': '))
  const hint = response.status === 401 ? '\nIs it the ADMIN_TOKEN of this instance?' : ''
  const id = typeof requestId === 'string' ? `\nrequest ${visible(requestId)}` : ''
  return `Refused (${response.status}). ${told}${hint}${id}`
}

function parseJson(text: string): Json {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Json) : {}
  } catch {
    return {}
  }
}

/** A stream that breaks off is a failure, not a shorter export. */
async function passOn({ body }: Response): Promise<void> {
  const decoder = new TextDecoder()
  try {
    for await (const chunk of body ?? []) await write(visibleJson(decoder.decode(chunk, { stream: true })))
    await write(visibleJson(decoder.decode()))
  } catch {
    throw new UsageError('The answer broke off: what was written is not all of it.')
  }
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
