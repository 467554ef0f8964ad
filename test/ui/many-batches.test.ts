import { ManualClock } from 'millrace'
import { describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { openPage, startBrowser } from '../support/browser.js'
import { watched } from './support.js'

describe.runIf(hasService('chromium'))('the page of many batches', () => {
  test('shows the newest 200 at once, and the others on demand', async () => {
    const clock = new ManualClock(0)
    await using ssc = watched({ clock, batchInterval: 1000, threads: 1, spare: false })
    ssc.queueStream([], { default: [1] }).foreachRDD(() => {})
    await ssc.start()
    for (let i = 0; i < 450; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    await using browser = await startBrowser()
    const page = await openPage(browser)
    await page.goto(`${ssc.ui!.url}#/batches`)
    const rows = page.getByRole('region', { name: 'Completed batches' }).locator('tbody tr')
    const more = page.getByRole('button', { name: 'Show more of 450 batches' })
    await expect.poll(() => rows.count()).toBe(200)
    await more.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => rows.count()).toBe(400)
    await more.click()
    await expect.poll(() => rows.count()).toBe(450)
    expect(await more.isVisible()).toBe(false)
    expect(await rows.last().locator('a').getAttribute('href')).toBe('#/batches/1000')
  })
})
