import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'

/** Settings as a deployment has them; each secret is unlike the others and unlike anything typed. */
const GOOD = {
  ISSUER: 'https://auth.test',
  SHARDS: 'DB',
  RATE_LIMITS: 'on',
  SEALING_SECRET: 'q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6uKi0wExA',
  DIGEST_SECRET: 'B8nRy2kVw5xQj7cTp1zLm4gHs9dFa3eUo6iXb0tNqYw',
  ADMIN_TOKEN: 'm3KcX9zVb6nQw1eRt5yUi8oPa2sDf4gHj7kLz0xCvBn',
  MAIL_FROM: 'Latchkey <sign-in@auth.test>',
  MAIL_TRANSPORT: 'smtp',
  SMTP_HOST: 'smtp.auth.test',
  SMTP_PORT: '465',
  SMTP_SECURITY: 'tls',
}

type Settings = Readonly<Record<string, unknown>>

/** Names of the settings at fault; none when it starts. */
function faults(settings: Settings): readonly string[] {
  try {
    parseConfig(settings)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const value of Object.values(settings)) {
      const text = typeof value === 'string' && value.length > 3 ? value : null
      if (text !== null) expect(`${error.message} ${error.stack?.split('\n')[0]}`).not.toContain(text)
    }
    expect(error.message).toContain(error.settings.join(', '))
    return error.settings
  }
}

const without = (name: string): Settings =>
  Object.fromEntries(Object.entries(GOOD).filter(([key]) => key !== name))

const SECRETS = ['SEALING_SECRET', 'DIGEST_SECRET', 'ADMIN_TOKEN'] as const

describe('starting', () => {
  it('CF-01: works with good settings, and reads each of them', () => {
    expect(faults(GOOD)).toEqual([])
    expect(parseConfig(GOOD)).toMatchObject({
      issuer: 'https://auth.test',
      isHttps: true,
      isLoopback: false,
      rateLimits: true,
      loopbackTargets: false,
      secrets: {
        SEALING_SECRET: [GOOD.SEALING_SECRET],
        DIGEST_SECRET: [GOOD.DIGEST_SECRET],
        ADMIN_TOKEN: [GOOD.ADMIN_TOKEN],
      },
      alarmMailTo: null,
      rotatesOnForgery: false,
    })
    expect(parseConfig({ ...GOOD, ON_FORGERY: 'rotate' }).rotatesOnForgery).toBe(true)
    expect(faults({ ...GOOD, ON_FORGERY: 'on' })).toEqual(['ON_FORGERY'])
    expect(parseConfig({ ...GOOD, ALARM_MAIL_TO: 'ops@auth.test' })).toMatchObject({
      alarmMailTo: 'ops@auth.test',
    })
    for (const ALARM_MAIL_TO of [
      '',
      'ops',
      'a@auth.test, b@auth.test',
      'Ops <ops@auth.test>',
      ' ops@auth.test',
    ]) {
      expect(faults({ ...GOOD, ALARM_MAIL_TO }), ALARM_MAIL_TO).toEqual(['ALARM_MAIL_TO'])
    }
  })

  it.each(SECRETS)('CF-01: fails without %s, naming it and never its value', name => {
    expect(faults(without(name))).toEqual([name])
  })

  const WEAK: readonly (readonly [string, unknown])[] = [
    ['empty', ''],
    ['short', 'q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4'],
    ['blank', ' '.repeat(43)],
    ['one character repeated', 'a'.repeat(64)],
    ['a short text repeated', 'abcdefgh'.repeat(8)],
    ['a word to be replaced', 'change-me-q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6u'],
    ['changeme', 'changeme-q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6u'],
    ['an example', 'EXAMPLE-q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6u'],
    ['called secret', 'my-secret-q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6u'],
    ['called password', 'Password-q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6u'],
    ['a default', 'default-q7Zt1vXo9cLkPz3mWb5nYe8rTg2hJd4fSa6u'],
    ['null', null],
    ['a number', 12_345_678_901_234_567_890_123_456_789_012n],
    ['an object', { toString: () => GOOD.SEALING_SECRET }],
  ]

  it.each(SECRETS.flatMap(name => WEAK.map(([how, value]) => [name, how, value] as const)))(
    'CF-01: fails when %s is %s',
    (name, _how, value) => {
      expect(faults({ ...GOOD, [name]: value })).toEqual([name])
    },
  )

  it.each([
    ['SEALING_SECRET', 'DIGEST_SECRET'],
    ['SEALING_SECRET', 'ADMIN_TOKEN'],
    ['DIGEST_SECRET', 'ADMIN_TOKEN'],
  ] as const)('CF-01: fails when %s is also %s', (one, other) => {
    expect(faults({ ...GOOD, [one]: GOOD[other] })).not.toEqual([])
  })

  it.each(SECRETS)('KY-06, CF-01: beside %s there may be another, as strong, and unlike all others', name => {
    const other = 'x2Wv8nLq4RtYb7MzKd5sHf1JgPc9oUe3iAa6BwXkTmE'
    expect(parseConfig({ ...GOOD, [`${name}_OTHER`]: other }).secrets[name]).toEqual([GOOD[name], other])
    expect(faults({ ...GOOD, [`${name}_OTHER`]: 'short' })).toEqual([`${name}_OTHER`])
    expect(faults({ ...GOOD, [`${name}_OTHER`]: '' })).toEqual([`${name}_OTHER`])
    for (const each of SECRETS) expect(faults({ ...GOOD, [`${name}_OTHER`]: GOOD[each] })).not.toEqual([])
  })

  it('CF-01: fails without any setting, naming all that are needed', () => {
    const needed = ['ISSUER', ...SECRETS, 'MAIL_FROM', 'MAIL_TRANSPORT']
    expect(faults({})).toEqual(expect.arrayContaining(needed))
  })
})

describe('the issuer', () => {
  it.each([
    'https://auth.test',
    'https://auth.test:8443',
    'https://localhost',
    'http://localhost:8787',
    'http://127.0.0.1:8787',
    'http://[::1]:8787',
    'http://localhost',
  ])('OA-04: may be %s', issuer => {
    expect(faults({ ...GOOD, ISSUER: issuer })).toEqual([])
  })

  it.each([
    'https://auth.test/',
    'https://auth.test/path',
    'https://auth.test?x=1',
    'https://auth.test#x',
    'https://auth.test:443',
    'https://user@auth.test',
    'https://user:password@auth.test',
    'HTTPS://auth.test',
    'https://AUTH.test',
    ' https://auth.test',
    'https://auth.test\n',
    'http://auth.test',
    'http://localhost.auth.test',
    'http://127.0.0.1.auth.test',
    'http://127.0.0.2:8787',
    'http://0.0.0.0:8787',
    'http://192.168.0.1',
    'http://127.1:8787',
    'ftp://localhost',
    'file:///',
    'javascript:alert(1)',
    'auth.test',
    '//auth.test',
    '',
    null,
  ])('OA-04: may not be %j', issuer => {
    expect(faults({ ...GOOD, ISSUER: issuer })).toEqual(['ISSUER'])
    for (const limits of ['RATE_LIMITS', 'LOOPBACK_TARGETS']) {
      const value = limits === 'RATE_LIMITS' ? 'off' : 'on'
      expect(faults({ ...GOOD, ISSUER: issuer, [limits]: value })).toContain('ISSUER')
    }
  })
})

describe('what only a loopback issuer may have', () => {
  const ISSUERS = [
    ['http://localhost:8787', true],
    ['http://127.0.0.1:8787', true],
    ['http://[::1]:8787', true],
    ['https://auth.test', false],
    ['https://localhost.auth.test', false],
  ] as const

  it.each(ISSUERS)('ML-09: RATE_LIMITS=off at %s: %s', (ISSUER, allowed) => {
    expect(faults({ ...GOOD, ISSUER, RATE_LIMITS: 'off' })).toEqual(allowed ? [] : ['RATE_LIMITS'])
  })

  it.each(ISSUERS)('WH-02: LOOPBACK_TARGETS=on at %s: %s', (ISSUER, allowed) => {
    expect(faults({ ...GOOD, ISSUER, LOOPBACK_TARGETS: 'on' })).toEqual(allowed ? [] : ['LOOPBACK_TARGETS'])
  })

  it.each(['RATE_LIMITS', 'LOOPBACK_TARGETS'])('CF-01: %s is on or off, nothing like it', name => {
    for (const value of ['', 'OFF', 'Off', 'false', '0', 'no', false, 'off ']) {
      expect(faults({ ...GOOD, ISSUER: 'http://localhost:8787', [name]: value })).toEqual([name])
    }
  })

  it('ML-09: limits are on, and loopback targets off, when nothing is said', () => {
    const config = parseConfig(without('RATE_LIMITS'))
    expect([config.rateLimits, config.loopbackTargets]).toEqual([true, false])
  })
})

describe('how long is kept what tells of a person', () => {
  const BOUNDS = [
    ['LOG_DETAILS_DAYS', 30, 3_650],
    ['DELETED_LOG_DAYS', 1, 3_650],
    ['ALARM_DAYS', 30, 3_650],
    ['WEBHOOK_DELIVERY_DAYS', 7, 365],
  ] as const

  it('LG-04: as usual when nothing is said', () => {
    const usual = { logDetailsDays: 365, deletedLogDays: 30, alarmDays: 365, webhookDeliveryDays: 30 }
    expect(parseConfig(GOOD).retention).toEqual(usual)
    expect(parseConfig({ ...GOOD, DELETED_LOG_DAYS: '90' }).retention).toEqual({
      ...usual,
      deletedLogDays: 90,
    })
  })

  it.each(BOUNDS)('CF-01, LG-04: %s is a whole number of days from %i to %i', (name, min, max) => {
    for (const good of [min, String(min), max, String(max)])
      expect(faults({ ...GOOD, [name]: good })).toEqual([])
    for (const bad of [min - 1, max + 1, String(max + 1), min + 0.5, '', 'forever', '-1', null, 'Infinity'])
      expect(faults({ ...GOOD, [name]: bad }), String(bad)).toEqual([name])
  })
})

describe('mail settings', () => {
  it.each<[string, Settings, string]>([
    ['no sender', { MAIL_FROM: undefined }, 'MAIL_FROM'],
    ['no transport', { MAIL_TRANSPORT: undefined }, 'MAIL_TRANSPORT'],
    ['an unknown transport', { MAIL_TRANSPORT: 'pigeon' }, 'MAIL_TRANSPORT'],
    ['SMTP without a host', { SMTP_HOST: undefined }, 'SMTP_HOST'],
    ['SMTP without a port', { SMTP_PORT: undefined }, 'SMTP_PORT'],
    ['port 0', { SMTP_PORT: '0' }, 'SMTP_PORT'],
    ['port 65536', { SMTP_PORT: '65536' }, 'SMTP_PORT'],
    ['a port that is no number', { SMTP_PORT: 'smtp' }, 'SMTP_PORT'],
    ['unknown security', { SMTP_SECURITY: 'ssl' }, 'SMTP_SECURITY'],
    ['a password in the clear', { SMTP_SECURITY: 'none', SMTP_PASSWORD: 'hunter22' }, 'SMTP_SECURITY'],
    ['a provider without a key', { MAIL_TRANSPORT: 'http' }, 'MAIL_API_KEY'],
    ['a short key', { MAIL_TRANSPORT: 'http', MAIL_API_KEY: 'short' }, 'MAIL_API_KEY'],
    ['a binding that is not there', { MAIL_TRANSPORT: 'binding' }, 'EMAIL'],
  ])('CF-01: %s is named', (_what, changes, name) => {
    expect(faults({ ...GOOD, ...changes })).toEqual([name])
  })
})
