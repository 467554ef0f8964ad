import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { checkUi } from '#build/engine/streaming/ui-options.js'
import { LivePage } from '#build/ui/live-page.js'

/** A page of a stream that gets its events, or not, and that a process of its own reads, or not. It keeps what it has. */
export class SwitchedPage {
  #removers = new Map()
  #listeners = new Set()
  #isOn = false
  #page
  #server
  #reader

  constructor(ssc) {
    this.#page = new LivePage({ streams: this.#switched(ssc) }, checkUi({ port: false }))
  }

  async turnOn(read = false) {
    this.#isOn = true
    for (const attach of this.#listeners) this.#attach(attach)
    if (!read) return
    this.#server ??= await served(this.#page.handler)
    this.#reader ??= fork(new URL('ui-reader.mjs', import.meta.url))
    this.#reader.send(`http://127.0.0.1:${this.#server.address().port}/api/v1/events`)
    await once(this.#reader, 'message')
  }

  async turnOff() {
    this.#reader?.send('close')
    if (this.#reader) await once(this.#reader, 'message')
    this.#isOn = false
    for (const remove of this.#removers.values()) remove()
    this.#removers.clear()
  }

  async close() {
    await this.#page.close()
    this.#server?.close()
    if (!this.#reader) return
    this.#reader.disconnect()
    await once(this.#reader, 'exit')
  }

  /** The streams, whose listeners are switched. */
  #switched(ssc) {
    const on = (attach) => {
      this.#listeners.add(attach)
      if (this.#isOn) this.#attach(attach)
      return () => {
        this.#listeners.delete(attach)
        this.#removers.get(attach)?.()
        this.#removers.delete(attach)
      }
    }
    const own = {
      on: (name, listener) => on(() => ssc.on(name, listener)),
      listen: (listener) => on(() => ssc.listen(listener)),
    }
    return new Proxy(ssc, {
      get(_, name) {
        if (Object.hasOwn(own, name)) return own[name]
        const value = ssc[name]
        return typeof value === 'function' ? value.bind(ssc) : value
      },
    })
  }

  #attach(attach) {
    this.#removers.set(attach, attach())
  }
}

async function served(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
