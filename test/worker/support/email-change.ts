// Changing an address as a person does, and what must be true of all addresses whatever happened.
import { expect } from 'vitest'
import { addressTag } from '../../../src/tokens/address-tag.ts'
import type { Browser } from './browser.ts'
import { freshAddress, type Service } from './service.ts'

export const indexOf = async (service: Service, address: string): Promise<D1Database> =>
  service.parts.shards.ofTag(await addressTag(address))

/** A fresh address whose index row lies, or does not lie, in the database of the other one's. */
export async function freshAddressBeside(
  service: Service,
  other: string,
  where: 'same' | 'another',
): Promise<string> {
  const home = await indexOf(service, other)
  for (;;) {
    const address = freshAddress()
    if (((await indexOf(service, address)) === home) === (where === 'same')) return address
  }
}

export const codeIn = (text: string): string | undefined => /^([A-Z0-9]{4}-[A-Z0-9]{4})$/m.exec(text)?.[1]

/** Asks for the change and reads the code; for a browser that signed in a moment ago. */
export async function askForChange(service: Service, owner: Browser, email: string): Promise<string> {
  await owner.get('/account/email')
  const response = await owner.post('/account/email', { email })
  expect([response.status, response.headers.get('Location')]).toEqual([303, '/account/email/check'])
  return codeIn(service.newestMail(email).text) ?? ''
}

export const typeCode = (owner: Browser, code: string, headers: Readonly<Record<string, string>> = {}) =>
  owner.post('/account/email/code', { code }, headers)

export async function changeEmail(service: Service, owner: Browser, email: string): Promise<void> {
  const response = await typeCode(owner, await askForChange(service, owner, email))
  expect([response.status, response.headers.get('Location')]).toEqual([303, '/account?notice=email_changed'])
}

const everywhere = async <Row>(service: Service, sql: string): Promise<Row[]> =>
  (await Promise.all(service.parts.shards.all.map(db => db.prepare(sql).all<Row>()))).flatMap(
    ({ results }) => results,
  )

/** No two users share an address, and the index says of every user, in the right shard, what the user's row says; nothing is half done. */
export async function checkAddresses(service: Service): Promise<void> {
  const users = await everywhere<{ id: string; email: string }>(service, 'SELECT id, email FROM users')
  expect(new Set(users.map(user => user.email)).size).toBe(users.length)
  const index = await everywhere<{ address: string; user_id: string }>(service, 'SELECT * FROM emails')
  const pairs = (rows: readonly (readonly [string, string])[]) => rows.map(row => row.join(' ')).sort()
  expect(pairs(index.map(row => [row.user_id, row.address]))).toEqual(
    pairs(users.map(user => [user.id, user.email])),
  )
  for (const { email, id } of users) {
    const db = await indexOf(service, email)
    expect(
      await db.prepare('SELECT user_id FROM emails WHERE address = ?').bind(email).first('user_id'),
    ).toBe(id)
  }
  expect(await everywhere(service, 'SELECT * FROM email_changes WHERE expires_at = 0')).toEqual([])
}
