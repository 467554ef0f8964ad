import { EventEmitter } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { Collector } from '#build/ui/collect/collector.js'
import { LiveFeed } from '#build/ui/serve/live-feed.js'

/** Streams that only remember which events have listeners. */
function listenedTo() {
  const names: string[] = []
  const on = (name: string) => {
    names.push(name)
    return () => names.splice(names.indexOf(name), 1)
  }
  return { names, streams: { on } as never }
}

function pageOf(feed: LiveFeed) {
  const response = Object.assign(new EventEmitter(), { writableLength: 0, writeHead() {}, write() {}, end() {} })
  expect(feed.add(response as never)).toBe(true)
  return response
}

test('tasks measure their operations from the first open page to the last', () => {
  const { names, streams } = listenedTo()
  const collector = new Collector(streams)
  onTestFinished(() => collector.close())
  const feed = new LiveFeed(collector, { overview: async () => ({}) } as never)
  onTestFinished(() => feed.close())
  const isSampled = () => names.filter((name) => name === 'operationsSampled').length
  expect(isSampled()).toBe(0)
  const [first, second] = [pageOf(feed), pageOf(feed)]
  expect(isSampled()).toBe(1)
  first.emit('close')
  expect(isSampled()).toBe(1)
  second.emit('close')
  expect(isSampled()).toBe(0)
  pageOf(feed)
  expect(isSampled()).toBe(1)
  collector.close()
  expect(names).toEqual([])
})
