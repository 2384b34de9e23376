import { describe, expect, test } from 'vitest'
import { isTargetUri } from '../../src/domain/target-uri.ts'

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
]

const NOT_HTTPS = [
  '',
  '/',
  'example.com',
  '//example.com/',
  'http://example.com/',
  'http://example.com:443/',
  'HTTPS://example.com/',
  'hTTps://example.com/',
  'ws://example.com/',
  'wss://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/plain,x',
  'gopher://example.com/',
  'https:example.com',
  'https:/example.com/',
  'https:///example.com/',
]

const ODD = [
  'https://user@example.com/',
  'https://user:password@example.com/',
  'https://@example.com/',
  'https://example.com@127.0.0.1/',
  'https://example.com\\@127.0.0.1/',
  'https://example.com/#fragment',
  'https://example.com/#',
  'https://example.com:80/',
  'https://example.com:22/',
  'https://example.com:8080/',
  'https://example.com:0/',
  'https://example.com:65536/',
  'https://EXAMPLE.com/',
  'https://ex%61mple.com/',
  'https://bücher.example/',
  'https://１２７.0.0.1/',
  'https://127。0。0。1/',
  ' https://example.com/',
  'https://example.com/\n',
  'https://exa\tmple.com/',
  'https://example.com/\u0000',
]

const NAMES = [
  'https://localhost/',
  'https://localhost:8443/',
  'https://localhost./',
  'https://app.localhost/',
  'https://localhost.localdomain/',
  'https://example.com./',
  'https://printer/',
  'https://com/',
  'https://printer.local/',
  'https://metadata.google.internal/',
  'https://metadata/',
  'https://router.home.arpa/',
  'https://1.0.0.127.in-addr.arpa/',
  'https://nas.lan/',
  'https://intranet.corp/',
  'https://x.home/',
  'https://x.intranet/',
  'https://x.private/',
  'https://x.onion/',
  'https://x.alt/',
  'https://*.example.com/',
  'https://-a.example.com/',
  'https://a..example.com/',
  `https://${'a'.repeat(64)}.example.com/`,
]

const IPV4 = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
  ...['127.0.0.1', '127.255.255.254', '169.254.169.254', '169.254.0.1', '172.16.0.1', '172.31.255.255'],
  ...['192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.1', '198.18.0.1', '198.19.255.255'],
  ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  ...[
    '168.63.129.16',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
  ],
  ...['0x7F.1', '127.0.0.1.', '3232235521', '0xa9fea9fe', '0251.0376.0251.0376', '2852039166', '0', '1.1'],
  // Public, and yet in a notation that only hides.
  ...['16843009', '0x1.0x1.0x1.0x1', '1.1.1.1.', '01.01.01.01'],
].map(host => `https://${host}/`)

const IPV6 = [
  ...['::', '::1', '0:0:0:0:0:0:0:1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe'],
  ...['::ffff:8.8.8.8', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2002:7f00:1::'],
  ...[
    '2002:808:808::1',
    '2001::1',
    '2001:0:7f00:1::',
    '2001:2::1',
    '2001:10::1',
    '2001:20::1',
    '2001:db8::1',
  ],
  ...[
    '3fff::1',
    '3fff:fff::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%25eth0',
    'febf::1',
    'fec0::1',
  ],
  ...['ff02::1', 'ff0e::1', '4000::1', '1fff::1', '2606:4700:4700:0:0:0:0:1111', '2606:4700:4700::1.1.1.1'],
].map(host => `https://[${host}]/`)

describe('WH-01, WH-02: where requests may be sent', () => {
  test.each(TARGETS)('WH-02: to %s', uri => {
    expect([isTargetUri(uri, false), isTargetUri(uri, true)]).toEqual([true, true])
  })

  test.each(NOT_HTTPS)('WH-01: not to %j', uri => {
    expect([isTargetUri(uri, false), isTargetUri(uri, true)]).toEqual([false, false])
  })

  test.each([...ODD, ...NAMES, ...IPV4, ...IPV6])('WH-02: not to %j', uri => {
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
