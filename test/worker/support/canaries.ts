// Searching for secrets where they must not be: in every form in which they could hide.
import { listDurableObjectIds, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { parseBase64url } from '../../../src/domain/encoding.ts'
import { dump } from './dump.ts'
import type { Service } from './service.ts'

/** Secrets by name. */
export type Jar = Map<string, string>

const hex = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')

const standard = (base64url: string): string => base64url.replaceAll('-', '+').replaceAll('_', '/')

/** What stays of a text in base64 wherever it begins in the encoded bytes. */
function base64Anywhere(bytes: Uint8Array): string[] {
  return [0, 1, 2].map(shift => {
    const padded = btoa(String.fromCharCode(...new Uint8Array(shift), ...bytes)).replace(/=+$/, '')
    // The first and the last characters depend on what stands beside it.
    return padded.slice(shift === 0 ? 0 : shift + 1, -1)
  })
}

/** A secret as it is, URL-encoded, in base64 of both alphabets, in hex; and what it encodes itself, in hex. */
export function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret)
  const decoded = parseBase64url(secret)
  const urlSafe = base64Anywhere(bytes).map(form => form.replaceAll('+', '-').replaceAll('/', '_'))
  const forms = [
    secret,
    encodeURIComponent(secret),
    ...urlSafe,
    ...urlSafe.map(standard),
    hex(bytes),
    hex(bytes).toUpperCase(),
    ...(decoded === null ? [] : [standard(secret), hex(decoded), hex(decoded).toUpperCase()]),
  ]
  return [...new Set(forms)]
}

/** The names of those that are found, with the form. */
export function leaksIn(text: string, jar: Jar): string[] {
  const leaks: string[] = []
  for (const [name, secret] of jar) {
    if (formsOf(secret).some(form => text.includes(form))) leaks.push(name)
  }
  return leaks
}

/** A token and every part of it that is worth something: its last part, and its bucket. */
export function addToken(jar: Jar, name: string, token: string): void {
  jar.set(name, token)
  const parts = token.split('.')
  jar.set(`${name}, last part`, parts.at(-1) as string)
  if (parts.length !== 3 || !parts[1]?.startsWith('ey')) return
  jar.set(`${name}, claims`, parts[1])
  const { eb } = JSON.parse(atob(standard(parts[1]))) as { eb?: string }
  if (eb !== undefined) jar.set(`${name}, bucket`, eb)
}

const NAMESPACES = [env.USER_SESSIONS, env.RATE_LIMITER, env.WAITING_BROWSERS] as DurableObjectNamespace[]

const ofFormerFiles = new Set<string>()

/** For a `beforeAll`: the objects of files that ran before are no matter of this one, and there can be thousands. */
export async function passOverFormerObjects(): Promise<void> {
  for (const namespace of NAMESPACES)
    for (const id of await listDurableObjectIds(namespace)) ofFormerFiles.add(String(id))
}

/** Every row of every table, and everything that an object keeps. */
export async function everythingStored(service: Service): Promise<string> {
  const kept: unknown[] = []
  for (const namespace of NAMESPACES) {
    for (const id of await listDurableObjectIds(namespace)) {
      if (ofFormerFiles.has(String(id))) continue
      kept.push(await runInDurableObject(namespace.get(id), (_, state) => [...state.storage.kv.list()]))
    }
  }
  return `${await dump(service)}\n${JSON.stringify(kept)}`
}

/** Everything that is written to the console from now on; it is not shown. */
export function captureLogs(): { readonly text: () => string; readonly lines: () => string[] } {
  const lines: string[] = []
  for (const level of ['debug', 'log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((...values: unknown[]) => {
      lines.push(values.map(String).join(' '))
    })
  }
  return { text: () => lines.join('\n'), lines: () => [...lines] }
}
