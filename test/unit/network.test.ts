import fc from 'fast-check'
import { expect, test } from 'vitest'
import { networkPrefix } from '../../src/domain/network.ts'

const PREFIXES: [ip: string, prefix: string][] = [
  ['192.0.2.7', '192.0.2.0/24'],
  ['192.0.2.255', '192.0.2.0/24'],
  ['192.0.3.7', '192.0.3.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['2001:db8:1::', '2001:db8:1::/48'],
  ['2001:db8:1:ffff::1', '2001:db8:1::/48'],
  ['2001:DB8:0001::1', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['2001:db8:0:9::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['::ffff:192.0.2.7', '192.0.2.0/24'],
  ['::FFFF:192.0.2.8', '192.0.2.0/24'],
  ['', 'unknown'],
  ['unknown', 'unknown'],
  ['192.0.2', 'unknown'],
  ['192.0.2.7, 198.51.100.1', 'unknown'],
  ['2001:db8:1:2:3:4:5:6:7', 'unknown'],
  ['2001:db8::g', 'unknown'],
]

test.each(PREFIXES)('ML-09: %s is of the network %s', (ip, prefix) => expect(networkPrefix(ip)).toBe(prefix))

test('ML-09: every writing of one IPv6 address is of one network', () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), groups => {
      const plain = groups.map(value => value.toString(16)).join(':')
      const full = groups.map(value => value.toString(16).padStart(4, '0').toUpperCase()).join(':')
      const short = new URL(`http://[${plain}]`).hostname.slice(1, -1)
      expect(new Set([plain, full, short].map(networkPrefix)).size).toBe(1)
    }),
  )
})
