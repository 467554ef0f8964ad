import fc from 'fast-check'

// The same cases each time, so that a test that passes does so for everyone. SEED tries others.
// Without the second setting, collections have at most ten items, whatever `maxLength` says.
fc.configureGlobal({ seed: Number(process.env.SEED ?? 1), defaultSizeToMaxWhenMaxSpecified: true })

export * from 'fast-check'
export default fc
