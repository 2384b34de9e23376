// The service as one device meets it: its User-Agent, and the country that the platform sees it in.
import type { Service } from './service.ts'

export const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
export const NEWER_FIREFOX = FIREFOX.replaceAll('140.0', '141.0')
export const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

export interface SeenAs {
  readonly userAgent: string
  readonly country?: string
  readonly city?: string
}

export function seenFrom(service: Service, { userAgent, country, city }: SeenAs): Service {
  const request: Service['request'] = (path, init = {}) => {
    const headers = new Headers(init.headers)
    headers.set('User-Agent', userAgent)
    return service.request(path, { ...init, headers, cf: { country, city } } as RequestInit)
  }
  return Object.create(service, { request: { value: request } }) as Service
}
