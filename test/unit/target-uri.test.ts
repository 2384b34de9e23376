import { describe, expect, test } from 'vitest'
import { isTargetUri } from '../../src/domain/target-uri.ts'
import { HOSTILE, NOT_HTTPS } from '../hostile-targets.ts'

/** Public, and next to a block that is not. */
const NEIGHBOURS = [
  ...['1.0.0.0', '9.255.255.255', '11.0.0.0', '126.255.255.255', '128.0.0.0', '168.63.129.15'],
  ...['168.63.129.17', '169.253.255.255', '169.255.0.0', '192.0.1.0', '192.0.3.0', '192.88.98.255'],
  ...['192.88.100.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '198.51.99.255'],
  ...['198.51.101.0', '203.0.112.255', '203.0.114.0', '223.255.255.255'],
  ...['[2000::1]', '[2001:200::1]', '[2001:db7::1]', '[2001:db9::1]'],
  ...['[2003::1]', '[3ffe::1]', '[3fff:1000::1]'],
]

const TARGETS = [
  'https://hooks.example.com/in?x=1&y=%2F',
  'https://app.test',
  'https://not-there-yet.example/',
  'https://a.b.c.d.example.co.uk/@me',
  'https://xn--bcher-kva.example/',
  'https://example.com:443/',
  'https://example.com:8443/',
  'https://1.1.1.1/',
  'https://8.8.8.8:8443/dns-query',
  'https://172.15.255.255/',
  'https://172.32.0.0/',
  'https://100.63.255.255/',
  'https://100.128.0.0/',
  'https://[2606:4700:4700::1111]/',
  'https://[2a00:1450:4001:81b::200e]:8443/',
  'https://[2001:4860:4860::8888]/',
  ...NEIGHBOURS.map(host => `https://${host}/`),
]

describe('WH-01, WH-02: where requests may be sent', () => {
  test.each(TARGETS)('WH-02: to %s', uri => {
    expect([isTargetUri(uri, false), isTargetUri(uri, true)]).toEqual([true, true])
  })

  test.each(NOT_HTTPS)('WH-01: not to %j', uri => {
    expect([isTargetUri(uri, false), isTargetUri(uri, true)]).toEqual([false, false])
  })

  test.each(HOSTILE)('WH-02: not to %j', uri => {
    expect([isTargetUri(uri, false), isTargetUri(uri, true)]).toEqual([false, false])
  })

  test.each(['http://127.0.0.1:8080/in', 'http://127.0.0.1/', 'http://[::1]:3000/', 'http://[::1]/'])(
    'WH-02: to %s only where this machine is allowed',
    uri => {
      expect([isTargetUri(uri, false), isTargetUri(uri, true)]).toEqual([false, true])
    },
  )

  test.each([
    'http://localhost:8080/',
    'http://127.0.0.2:8080/',
    'http://127.1:8080/',
    'http://0.0.0.0:8080/',
    'http://2130706433/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://user@127.0.0.1/',
    'http://127.0.0.1:8080/#x',
    'http://127.0.0.1.example.com/',
    'https://127.0.0.1:8080/',
  ])('WH-02: not to %s even there', uri => expect(isTargetUri(uri, true)).toBe(false))
})
