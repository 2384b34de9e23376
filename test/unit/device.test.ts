import { describe, expect, test } from 'vitest'
import { deviceName, parseDevice } from '../../src/http/device.ts'

const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const CHROMIUM = 'AppleWebKit/537.36 (KHTML, like Gecko)'

/** What browsers, apps and programs say of themselves. */
const KNOWN: readonly (readonly [
  kind: string,
  browser: string | null,
  os: string | null,
  userAgent: string,
])[] = [
  [
    'desktop',
    'Chrome',
    'Windows',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Chrome/141.0.0.0 Safari/537.36`,
  ],
  [
    'desktop',
    'Chrome',
    'macOS',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROMIUM} Chrome/141.0.0.0 Safari/537.36`,
  ],
  [
    'desktop',
    'Chrome',
    'Linux',
    `Mozilla/5.0 (X11; Linux x86_64) ${CHROMIUM} Chrome/141.0.0.0 Safari/537.36`,
  ],
  [
    'desktop',
    'Chrome',
    'Chrome OS',
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROMIUM} Chrome/141.0.0.0 Safari/537.36`,
  ],
  [
    'desktop',
    'Safari',
    'macOS',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/18.5 Safari/605.1.15`,
  ],
  [
    'desktop',
    'Microsoft Edge',
    'Windows',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`,
  ],
  [
    'desktop',
    'Microsoft Edge',
    'Windows',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Chrome/64.0.3282.140 Safari/537.36 Edge/17.17134`,
  ],
  [
    'desktop',
    'Firefox',
    'Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0',
  ],
  [
    'desktop',
    'Firefox',
    'macOS',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0',
  ],
  ['desktop', 'Firefox', 'Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'],
  [
    'desktop',
    'Opera',
    'Windows',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0`,
  ],
  [
    'desktop',
    'Vivaldi',
    'Windows',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Chrome/136.0.0.0 Safari/537.36 Vivaldi/7.4.3684.38`,
  ],
  [
    'desktop',
    'Yandex Browser',
    'Windows',
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROMIUM} Chrome/136.0.0.0 YaBrowser/25.6.0.0 Safari/537.36`,
  ],
  [
    'desktop',
    'DuckDuckGo',
    'macOS',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/18.5 Safari/605.1.15 Ddg/18.5`,
  ],
  [
    'desktop',
    'Internet Explorer',
    'Windows',
    'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko',
  ],
  ['desktop', 'Firefox', null, 'Mozilla/5.0 (X11; FreeBSD amd64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  [
    'phone',
    'Chrome',
    'Android',
    `Mozilla/5.0 (Linux; Android 10; K) ${CHROMIUM} Chrome/141.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'phone',
    'Chrome',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${WEBKIT} CriOS/141.0.7390.26 Mobile/15E148 Safari/604.1`,
  ],
  [
    'phone',
    'Safari',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1`,
  ],
  [
    'phone',
    'Safari',
    'iOS',
    `Mozilla/5.0 (iPod touch; CPU iPhone OS 12_5_7 like Mac OS X) ${WEBKIT} Version/12.1.2 Mobile/15E148 Safari/604.1`,
  ],
  [
    'phone',
    'Microsoft Edge',
    'Android',
    `Mozilla/5.0 (Linux; Android 10; HD1913) ${CHROMIUM} Chrome/141.0.0.0 Mobile Safari/537.36 EdgA/141.0.0.0`,
  ],
  [
    'phone',
    'Microsoft Edge',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${WEBKIT} Version/18.0 EdgiOS/141.0.0.0 Mobile/15E148 Safari/605.1.15`,
  ],
  ['phone', 'Firefox', 'Android', 'Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0'],
  [
    'phone',
    'Firefox',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 15_6 like Mac OS X) ${WEBKIT} FxiOS/143.0 Mobile/15E148 Safari/605.1.15`,
  ],
  [
    'phone',
    'Samsung Internet',
    'Android',
    `Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) ${CHROMIUM} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'phone',
    'Opera',
    'Android',
    `Mozilla/5.0 (Linux; Android 10; VOG-L29) ${CHROMIUM} Chrome/130.0.0.0 Mobile Safari/537.36 OPR/76.2.4027.73374`,
  ],
  [
    'phone',
    'Opera',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1 OPT/5.4.0`,
  ],
  [
    'phone',
    'Opera',
    'Android',
    'Opera/9.80 (Android; Opera Mini/36.2/119.132; U; en) Presto/2.12.423 Version/12.16',
  ],
  [
    'phone',
    'DuckDuckGo',
    'Android',
    `Mozilla/5.0 (Linux; Android 14; Pixel 7) ${CHROMIUM} Version/4.0 Chrome/138.0.0.0 Mobile DuckDuckGo/5 Safari/537.36`,
  ],
  [
    'phone',
    'Xiaomi Browser',
    'Android',
    `Mozilla/5.0 (Linux; U; Android 13; en-us; 22101316G) ${CHROMIUM} Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.30.1-gn`,
  ],
  [
    'phone',
    'UC Browser',
    'Android',
    `Mozilla/5.0 (Linux; U; Android 12; en-US; RMX2185) ${CHROMIUM} Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.7.8.1322 Mobile Safari/537.36`,
  ],
  [
    'phone',
    'Huawei Browser',
    'Android',
    `Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) ${CHROMIUM} Chrome/114.0.5735.196 HuaweiBrowser/16.0.8.302 Mobile Safari/537.36`,
  ],
  [
    'phone',
    'Google app',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${WEBKIT} GSA/380.0.788317806 Mobile/15E148 Safari/604.1`,
  ],
  [
    'phone',
    'Instagram',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${WEBKIT} Mobile/22G86 Instagram 390.0.0.28.85 (iPhone15,2; iOS 18_6; en_US; en; scale=3.00; 1179x2556; 770000000)`,
  ],
  [
    'phone',
    'Facebook',
    'Android',
    `Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A; wv) ${CHROMIUM} Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/480.0.0.54.88;]`,
  ],
  [
    'phone',
    'Facebook',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) ${WEBKIT} Mobile/15E148 [FBAN/FBIOS;FBAV/480.0.0.0;FBDV/iPhone14,5]`,
  ],
  [
    'phone',
    'Chrome',
    'Android',
    `Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/UQ1A; wv) ${CHROMIUM} Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'phone',
    'Safari',
    'iOS',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) ${WEBKIT} Mobile/15E148`,
  ],
  [
    'phone',
    'WeChat',
    'Android',
    `Mozilla/5.0 (Linux; Android 13; SM-A536E; wv) ${CHROMIUM} Version/4.0 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.50 WeChat/arm64`,
  ],
  ['phone', null, 'iOS', 'MyApp/2.3 (iPhone; iOS 18.6; Scale/3.00)'],
  [
    'tablet',
    'Chrome',
    'Android',
    `Mozilla/5.0 (Linux; Android 10; K) ${CHROMIUM} Chrome/141.0.0.0 Safari/537.36`,
  ],
  [
    'tablet',
    'Safari',
    'iOS',
    `Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) ${WEBKIT} Version/16.6 Mobile/15E148 Safari/604.1`,
  ],
  ['tablet', 'Firefox', 'Android', 'Mozilla/5.0 (Android 14; Tablet; rv:143.0) Gecko/143.0 Firefox/143.0'],
  [
    'tablet',
    'Firefox',
    'iOS',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_4) ${WEBKIT} FxiOS/143.0 Safari/605.1.15`,
  ],
  [
    'tablet',
    'Samsung Internet',
    'Android',
    `Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-X810) ${CHROMIUM} SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36`,
  ],
  [
    'tablet',
    'Amazon Silk',
    'Android',
    `Mozilla/5.0 (Linux; Android 11; KFTRWI) ${CHROMIUM} Silk/130.4.1 like Chrome/130.0.6723.102 Safari/537.36`,
  ],
  [
    'tablet',
    'Chrome',
    'Android',
    `Mozilla/5.0 (Linux; Android 12; Quest 3) ${CHROMIUM} OculusBrowser/36.0 Chrome/130.0.0.0 VR Safari/537.36`,
  ],
  ['tablet', null, 'Android', 'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 7 Build/UQ1A)'],
  [
    'other',
    'Chrome',
    'webOS',
    `Mozilla/5.0 (Web0S; Linux/SmartTV) ${CHROMIUM} Chrome/120.0.0.0 Safari/537.36 WebAppManager`,
  ],
  [
    'other',
    'Samsung Internet',
    'Tizen',
    `Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) ${CHROMIUM} SamsungBrowser/4.0 Chrome/94.0.4606.31 TV Safari/537.36`,
  ],
  ['other', null, null, 'Mozilla/5.0 (compatible; Mimecast URL Protect)'],
  ['other', null, null, 'curl/8.11.1'],
  ['other', null, null, 'python-requests/2.32.3'],
  ['other', null, null, 'MyApp/42 CFNetwork/1568.300.101 Darwin/24.2.0'],
  ['other', null, null, ''],
  ['other', null, null, 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
]

describe('SE-10: what a device is called', () => {
  test.each(KNOWN)('%s, %s on %s: %s', (kind, browser, os, userAgent) => {
    expect(parseDevice(userAgent)).toEqual({ name: null, kind, os, browser })
  })

  test('no word of a User-Agent is passed on, and what is long is not read to its end', () => {
    const nothing = { name: null, kind: 'other', os: null, browser: null }
    expect(parseDevice('Call-0900-1234/1.0 (<b>x; y) evil.test/2')).toEqual(nothing)
    expect(parseDevice(`${'x'.repeat(512)} (Windows NT 10.0) Firefox/143.0`)).toEqual(nothing)
  })

  test('an app’s own name for it is cut to 100 characters, never within one', () => {
    expect(deviceName('😀'.repeat(101))).toBe('😀'.repeat(100))
    expect([deviceName(undefined), deviceName('')]).toEqual([null, null])
  })
})
