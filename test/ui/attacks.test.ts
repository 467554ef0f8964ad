import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { openPage, startBrowser } from '../support/browser.js'
import { watched } from './support.js'

/** A site of an attacker: an empty page, on the same machine so that no name server is needed. */
async function otherSite(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((_, response) =>
    response.setHeader('Content-Type', 'text/html').end('<title>evil</title>'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

describe.runIf(hasService('chromium'))('another site in the same browser', () => {
  const ssc = watched({ batchInterval: 200, threads: 1, spare: false })
  ssc.queueStream([], { default: ['secret'] }).output('secrets')
  void (async () => {
    for await (const _ of ssc.output('secrets'));
  })()
  const lost: string[] = []
  ssc.on('threadLost', ({ reason }) => lost.push(reason))
  let browser: Awaited<ReturnType<typeof startBrowser>>
  let other: Awaited<ReturnType<typeof otherSite>>
  let target: string

  beforeAll(async () => {
    await ssc.start()
    target = ssc.ui!.url!
    other = await otherSite()
    browser = await startBrowser(['--host-resolver-rules=MAP evil.example 127.0.0.1'])
  })

  afterAll(async () => {
    await browser?.close()
    other?.close()
    await ssc.stop()
  })

  // `localhost` is another site than 127.0.0.1; another port of 127.0.0.1 is the same site, and another origin.
  test.each(['127.0.0.1', 'localhost', 'evil.example'])(
    'at %s reads nothing, changes nothing and embeds nothing',
    async (host) => {
      const page = await openPage(browser)
      await page.goto(`http://${host}:${other.port}/`)
      const tried = await page.evaluate(async (to) => {
        const outcome = async (path: string, init?: RequestInit) => {
          try {
            const response = await fetch(to + path, init)
            return response.type === 'opaque' ? 'opaque' : await response.text()
          } catch {
            return 'refused'
          }
        }
        const query = `api/v1/sql?q=${encodeURIComponent('select * from secrets')}`
        const headers = { 'X-Millrace-Request': '1' }
        const event = (source: EventTarget, names: string[]) =>
          new Promise<string>((resolve) => {
            for (const name of names) source.addEventListener(name, () => resolve(name), { once: true })
          })
        const script = Object.assign(document.createElement('script'), { src: `${to}api/v1/tables` })
        const loaded = event(script, ['load', 'error'])
        document.head.append(script)
        const feed = new EventSource(`${to}api/v1/events`)
        const fed = await event(feed, ['overview', 'batches', 'error'])
        feed.close()
        return {
          read: await outcome('api/v1/tables/secrets'),
          silent: await outcome('api/v1/tables/secrets', { mode: 'no-cors' }),
          withCookies: await outcome('api/v1/overview', { credentials: 'include' }),
          query: await outcome(query, { headers }),
          change: await outcome('api/v1/threads/0/terminate', { method: 'POST', headers }),
          plainChange: await outcome('api/v1/threads/0/terminate', { method: 'POST', mode: 'no-cors' }),
          script: await loaded,
          fed,
        }
      }, target)
      const refused = {
        read: 'refused',
        silent: 'refused',
        withCookies: 'refused',
        query: 'refused',
        change: 'refused',
      }
      expect(tried).toEqual({ ...refused, plainChange: 'refused', script: 'error', fed: 'error' })

      await page.setContent(
        `<iframe src="${target}"></iframe><form method="post" action="${target}api/v1/threads/0/terminate"></form>`,
      )
      const frame = page.frames().at(-1)!
      expect(await frame.title()).not.toContain('Millrace')
      const answered = page.waitForResponse(/terminate/)
      await page.evaluate(() => document.forms[0]!.submit())
      expect((await answered).status()).toBe(403)
      expect(lost).toEqual([])
      await page.close()
    },
  )

  test('whose name resolves to this machine gets no page', async () => {
    const page = await openPage(browser)
    const answer = await page.goto(`http://evil.example:${new URL(target).port}/`)
    expect(answer!.status()).toBe(403)
    const read = await page.evaluate(async () => (await fetch('/api/v1/tables/secrets')).text())
    expect(JSON.parse(read).error.code).toBe('host')
    expect(read).not.toContain('secret"')
    await page.close()
  })

  test('may link to the page', async () => {
    const page = await openPage(browser)
    await page.goto(`http://localhost:${other.port}/`)
    await page.setContent(`<a href="${target}">the streams</a>`)
    await page.getByRole('link').click()
    await expect.poll(() => page.title()).toContain('Millrace')
    await page.close()
  })
})
