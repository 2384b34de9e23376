// Which literal addresses are places on the public internet. Blocks from the IANA special-purpose registries.

/** IPv4 that is not: this network, private, CGNAT, loopback, link-local, protocol assignments, documentation, … */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local, and with it 169.254.169.254, where clouds keep their metadata.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's metadata, on an address that looks public.
  '168.63.129.16/32',
].map(block)

/** The one block of IPv6 that is handed out: everything else is local, multicast, reserved or a form of IPv4. */
const GLOBAL_IPV6 = block('2000::/3')

/** Within it: protocol assignments (Teredo, ORCHID, …), documentation, 6to4, documentation. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map(block)

interface Block {
  readonly first: number
  readonly bits: number
}

/** @param ip four decimal numbers, as a URL parser writes every notation of an address */
export const isPublicIpv4 = (ip: string): boolean => !SPECIAL_IPV4.some(special => isIn(special, ipv4(ip)))

/** @param ip as a URL parser writes it: lower case, compressed, without brackets */
export function isPublicIpv6(ip: string): boolean {
  const high = ipv6High(ip)
  return isIn(GLOBAL_IPV6, high) && !SPECIAL_IPV6.some(special => isIn(special, high))
}

function block(text: string): Block {
  const [ip = '', bits] = text.split('/')
  return { first: ip.includes(':') ? ipv6High(ip) : ipv4(ip), bits: Number(bits) }
}

function isIn({ first, bits }: Block, address: number): boolean {
  const size = 2 ** (32 - bits)
  return Math.floor(address / size) === Math.floor(first / size)
}

function ipv4(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** The first 32 bits: no block above is narrower. */
function ipv6High(ip: string): number {
  const [high = '', low = ''] = (ip.split('::')[0] ?? '').split(':')
  return Number.parseInt(high || '0', 16) * 65_536 + Number.parseInt(low || '0', 16)
}
