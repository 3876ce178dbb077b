// Added to a player's page before its own scripts: times in ms of the page's clock, each until a frame is laid out and painted.
globalThis.benchMeasure = (() => {
  const painted = async (frame) => {
    frame.contentDocument.documentElement.getBoundingClientRect()
    await new Promise(requestAnimationFrame)
    await new Promise((done) => setTimeout(done))
  }
  const ours = () => document.getElementById('frame')

  return {
    /** From the navigation to the first frame; the player's state. */
    async firstOfOurs() {
      const player = document.getElementById('player')
      await new Promise((done) => {
        const check = () => player.dataset.state !== 'loading' && done()
        new MutationObserver(check).observe(player, { attributeFilter: ['data-state'] })
        check()
      })
      await painted(ours())
      return [performance.now(), player.dataset.state]
    },

    async firstOfTheirs(t) {
      await benchPlayer.start()
      benchPlayer.seek(t)
      await painted(benchPlayer.frame())
      return [performance.now(), 'paused']
    },

    async seeks(times, isOurs) {
      const took = []
      for (const t of times) {
        const from = performance.now()
        await (isOurs ? visitreelPlayer : benchPlayer).seek(t)
        await painted(isOurs ? ours() : benchPlayer.frame())
        took.push(performance.now() - from)
      }
      return took
    },

    /** Frames that the browser paints in a second. */
    frames: (during) =>
      new Promise((done) => {
        let count = 0
        const from = performance.now()
        const tick = (now) => {
          if (now - from >= during) return done((count * 1000) / (now - from))
          count++
          requestAnimationFrame(tick)
        }
        requestAnimationFrame(tick)
      }),
  }
})()
