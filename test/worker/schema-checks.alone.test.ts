// One good row for each table, and what the table refuses of it.
import { beforeAll, describe, expect, test } from 'vitest'
import { DB } from './support/databases.ts'
import { NOW, newId, newUser, someDigest } from './support/ledger.ts'

type Row = Readonly<Record<string, unknown>>
const DIGEST = someDigest()
const SESSION = newId('s')
let userId = ''
let generation = 1
beforeAll(async () => {
  userId = await newUser(DB, [SESSION])
})

const insert = (table: string, row: Row) => {
  const columns = Object.keys(row)
  const marks = columns.map(() => '?').join(', ')
  return DB.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`)
    .bind(...Object.values(row))
    .run()
}

const GOOD: Record<string, () => Row> = {
  users: () => ({ id: newId('u'), email: 'ann@x.test', created_at: NOW }),
  emails: () => ({ address: `${newId('u')}@x.test`, user_id: userId, verified_at: NOW }),
  sessions: () => ({
    user_id: userId,
    id: newId('s'),
    client_id: newId('s'),
    client_kind: 'first_party',
    session_limit: 1,
    scope: '',
    signed_in_with: '[]',
    started_in: 'app',
    device: '{}',
    place: '{}',
    created_at: NOW,
    created_seq: 1,
    last_seen_at: NOW,
    expires_at: NOW + 1,
    absolute_expires_at: NOW + 1,
    generation: 1,
    secret_digest: DIGEST,
  }),
  entropy_buckets: () => ({
    session_id: SESSION,
    generation: ++generation,
    user_id: userId,
    audience: 'a',
    issued_at: NOW,
    commitment: DIGEST,
    expires_at: NOW,
  }),
  user_events: () => ({
    user_id: newId('u'),
    seq: 1,
    op_id: newId('i'),
    type: 'session.created',
    at: NOW,
    actor: '{}',
  }),
  sign_ins: () => ({
    id: newId('i'),
    address: 'ann@x.test',
    client_id: 'ios',
    scope: '',
    started_in: 'app',
    binding_digest: DIGEST,
    link_commitment: DIGEST,
    code_digest: DIGEST,
    created_at: NOW,
    expires_at: NOW,
  }),
  email_changes: () => ({
    user_id: userId,
    id: newId('i'),
    session_id: SESSION,
    former_address: 'ann@x.test',
    address: 'anna@x.test',
    code_digest: DIGEST,
    expires_at: NOW,
  }),
  outbox: () => ({ id: newId('i'), sealed: 'x', next_attempt_at: NOW, expires_at: NOW }),
  clients: () => ({ id: newId('i'), registration: '{}', created_at: NOW }),
  registration_tokens: () => ({ id: newId('i'), secret_digest: DIGEST, created_at: NOW, expires_at: NOW }),
  self_registered_clients: () => ({ client_id: newId('i'), access_token_digest: DIGEST }),
  signing_keys: () => ({
    kid: newId('i'),
    state: 'retiring',
    public_jwk: '{}',
    created_at: NOW,
    known_at: NOW,
  }),
  alarms: () => ({
    id: newId('i'),
    fold_key: newId('i'),
    kind: 'token.forged',
    severity: 'critical',
    detail: '',
    count: 1,
    first_at: NOW,
    last_at: NOW,
  }),
}

const BAD: [table: string, changes: Row, why: RegExp][] = [
  ['users', { id: null }, /NOT NULL/],
  ['users', { created_at: 'yesterday' }, /INTEGER/],
  ['users', { asks_code: 2 }, /CHECK/],
  ['emails', { user_id: null }, /NOT NULL/],
  ['sessions', { user_id: 'u_nobody' }, /FOREIGN KEY/],
  ['sessions', { client_kind: 'second_party' }, /CHECK/],
  ['sessions', { session_limit: 0 }, /CHECK|session_limit/],
  ['sessions', { session_limit: -1 }, /CHECK|session_limit/],
  ['sessions', { session_limit: null }, /NOT NULL/],
  ['sessions', { expires_at: NOW + 2 }, /CHECK/],
  ['sessions', { secret_digest: 'a secret in the clear' }, /CHECK/],
  ['sessions', { secret_digest: `${DIGEST}A` }, /CHECK/],
  ['sessions', { created_at: 1.5 }, /INTEGER/],
  ['sessions', { recognized_from: 1 }, /CHECK/],
  ['sessions', { last_seen_ms: 1_000 }, /CHECK/],
  ['entropy_buckets', { generation: 0 }, /CHECK/],
  ['entropy_buckets', { generation: 1 }, /UNIQUE/],
  ['entropy_buckets', { commitment: 'ey.in.the.clear' }, /CHECK/],
  ['user_events', { seq: 0 }, /CHECK/],
  ['user_events', { seq: 'one' }, /INTEGER/],
  ['sign_ins', { started_in: 'car' }, /CHECK/],
  ['sign_ins', { binding_digest: 'x' }, /CHECK/],
  ['sign_ins', { link_commitment: 'x' }, /CHECK/],
  ['sign_ins', { code_digest: 'BCDFGHJK' }, /CHECK/],
  ['email_changes', { user_id: 'u_nobody' }, /user_gone/],
  ['email_changes', { code_digest: 'BCDFGHJK' }, /CHECK/],
  ['outbox', { sealed: null }, /NOT NULL/],
  ['clients', { registration: null }, /NOT NULL/],
  ['registration_tokens', { secret_digest: 'x' }, /CHECK/],
  ['registration_tokens', { max_uses: 0 }, /CHECK/],
  ['registration_tokens', { max_uses: 1, uses: 2 }, /CHECK/],
  ['self_registered_clients', { access_token_digest: 'x' }, /CHECK/],
  ['signing_keys', { state: 'lost' }, /CHECK/],
  ['signing_keys', { state: 'retiring', sealed_private_jwk: 'x' }, /CHECK/],
  ['signing_keys', { state: 'gone', sealed_private_jwk: 'x' }, /CHECK/],
  ['alarms', { count: 'many' }, /INTEGER/],
]

describe('I9: what a table refuses', () => {
  test.each(Object.keys(GOOD))('%s takes a good row', async table => {
    await expect(insert(table, GOOD[table]?.() ?? {})).resolves.toMatchObject({ success: true })
  })

  test.each(BAD)('I9: %s refuses %j', async (table, changes, why) => {
    await expect(insert(table, { ...GOOD[table]?.(), ...changes })).rejects.toThrow(why)
  })

  test.each([
    ['emails', 'address'],
    ['sign_ins', 'id'],
    ['clients', 'id'],
    ['alarms', 'fold_key'],
  ])('%s has each %s once', async (table, column) => {
    const row = GOOD[table]?.() ?? {}
    await insert(table, row)
    await expect(insert(table, { ...GOOD[table]?.(), [column]: row[column] })).rejects.toThrow(/UNIQUE/)
  })

  test('KY-03: there is one active and one pending signing key at most, and any number of others', async () => {
    const key = (state: string) => insert('signing_keys', { ...GOOD.signing_keys?.(), state })
    for (const state of ['active', 'pending']) {
      await key(state)
      await expect(key(state)).rejects.toThrow(/UNIQUE/)
    }
    for (const state of ['retiring', 'retiring', 'gone', 'gone']) await key(state)
    for (const state of ['active', 'pending']) {
      await expect(
        DB.prepare("UPDATE signing_keys SET state = ? WHERE state = 'retiring'").bind(state).run(),
      ).rejects.toThrow(/UNIQUE/)
    }
  })
})
