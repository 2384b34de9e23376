// The network a request comes from: what one household or attacker holds, not a single address.

/** /24 of an IPv4 address, /48 of an IPv6 address; `unknown` when there is none. */
export function networkPrefix(ip: string): string {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(ip)) return `${ip.split('.').slice(0, 3).join('.')}.0/24`
  const groups = expandIpv6(ip)
  if (groups === null) return 'unknown'
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(ip)
  return mapped?.[1] === undefined ? `${groups.slice(0, 3).join(':')}::/48` : networkPrefix(mapped[1])
}

function expandIpv6(ip: string): string[] | null {
  if (!/^[0-9a-f:.]+$/i.test(ip) || !ip.includes(':')) return null
  const [head = '', tail] = ip.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  if (left.length + right.length > 8) return null
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...(tail === undefined ? [] : zeros), ...right].map(group => group.replace(/^0+(?=.)/, ''))
}
