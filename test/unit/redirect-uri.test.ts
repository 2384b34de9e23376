import { describe, expect, test } from 'vitest'
import { isHttpsOrigin, isLinkUri, isRedirectUri } from '../../src/domain/redirect-uri.ts'

describe('AZ-12: what can be registered as a redirect URI', () => {
  test.each([
    'https://app.test',
    'https://app.test/',
    'https://app.test/cb?tenant=1&x=%2F',
    'https://app.test:8443/cb',
    'https://app.test/@me',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:49152/cb',
    'http://[::1]:49152/cb',
    'com.example.app:/cb',
    'com.example.app://cb',
  ])('AZ-12: %s', uri => expect(isRedirectUri(uri)).toBe(true))

  test.each([
    '',
    '/cb',
    'app.test/cb',
    '//app.test/cb',
    'http://app.test/cb',
    'http://localhost/cb',
    'http://127.0.0.2/cb',
    'http://127.0.0.1.app.test/cb',
    'http://127.1/cb',
    'http://2130706433/cb',
    'http://0x7f.0.0.1/cb',
    'http://[0:0:0:0:0:0:0:1]/cb',
    'HTTP://127.0.0.1/cb',
    'HTTPS://app.test/cb',
    'https:app.test/cb',
    'https:/app.test/cb',
    'https:///app.test/cb',
    'https://',
    'https://user@app.test/cb',
    'https://user:pass@app.test/cb',
    'https://@app.test/cb',
    'https://app.test@eve.test/cb',
    'com.example.app://user@cb',
    'com.example.app://:pass@cb',
    'https://app.test/cb#',
    'https://app.test/cb#x',
    'com.example.app:/cb#x',
    'https:\\\\app.test\\cb',
    'https://app.test\\@eve.test/cb',
    ' https://app.test/cb',
    'https://app.test/cb\n',
    'https://app.test/c b',
    'https://app.test/\tcb',
    'https://äpp.test/cb',
    'https://*.app.test/cb',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://app.test/1',
    'file:///etc/passwd',
    'about:blank',
    'ftp://app.test/cb',
    'ws://app.test/cb',
    'myapp:/cb',
    'urn:ietf:wg:oauth:2.0:oob',
  ])('AZ-12: not %j', uri => expect(isRedirectUri(uri)).toBe(false))
})

describe('where the link of a mail may lead', () => {
  test('to this machine only where that is allowed', () => {
    for (const uri of ['http://127.0.0.1:8080/link', 'http://[::1]/link', 'HTTP://127.0.0.1/link'])
      expect([uri, isLinkUri(uri, false)]).toEqual([uri, false])
    expect(isLinkUri('http://127.0.0.1:8080/link', true)).toBe(true)
  })

  test('to an app link or a private scheme, anywhere', () => {
    for (const uri of ['https://app.test/link', 'com.example.app:/link'])
      expect(isLinkUri(uri, false)).toBe(true)
    for (const uri of ['javascript:alert(1)', 'http://app.test/link'])
      expect(isLinkUri(uri, true)).toBe(false)
  })
})

describe('WB-06: an origin as a browser sends it', () => {
  test.each([
    'https://app.test',
    'https://app.test:8443',
    'http://localhost:5173',
    'http://127.0.0.1:5173',
    'http://[::1]',
  ])('WB-06: %s', origin => expect(isHttpsOrigin(origin)).toBe(true))
  test.each([
    '',
    'null',
    '*',
    'https://*.app.test',
    'https://app.test/',
    'https://app.test/x',
    'https://app.test:443',
    'https://APP.test',
    'https://user@app.test',
    'http://app.test',
    'http://localhost.app.test',
    'app.test',
    'file://',
    'com.example.app:/',
  ])('WB-06: not %j', origin => expect(isHttpsOrigin(origin)).toBe(false))
})
