// Documents in frame elements of the page: a node with a content document goes in; a shell is loaded into its element, and drawn when it is there.
import * as dom from './dom.js'
import { FrameDoc } from './framedoc.js'
import { isShell } from './shell.js'

/** @typedef {import('./elements.js').Shown} Shown */
/** @typedef {import('./tree.js').TreeNode} TreeNode */
/** @typedef {import('./view.js').View} View */

export class Nested {
  /** @param {View} view */
  constructor(view) {
    this.view = view
  }

  /**
   * Loads a shell into a frame element; its document is drawn when it is there, and anew whenever the element loads again.
   * @param {TreeNode} host
   */
  attach(host) {
    const { view } = this
    const shown = view.shown.get(host.id)
    if (!shown || shown.kind !== 'frame') return
    const element = shown.element
    if (shown.inner) {
      this.draw(host.id, shown, shown.inner.doc)
      return
    }
    if (shown.isFrameWatched) return
    shown.isFrameWatched = true
    dom.listen(element, 'load', () => this.mount(host.id, shown))
    view.settling.wait(element)
    view.writer.setOwn(shown, 'src', view.options.shell)
  }

  /**
   * A frame element has loaded, for the first time or because it was moved.
   * @param {number} hostId
   * @param {Shown} shown
   */
  mount(hostId, shown) {
    const { view } = this
    const doc = dom.contentDocument(shown.element)
    if (view.shown.get(hostId) === shown && isShell(doc, view.options.shell)) this.draw(hostId, shown, /** @type {Document} */ (doc))
    view.settling.done(shown.element)
  }

  /**
   * @param {number} hostId
   * @param {Shown} shown
   * @param {Document} doc
   */
  draw(hostId, shown, doc) {
    const { view } = this
    const content = view.tree.nodes.get(hostId)?.content
    const frame = new FrameDoc(doc, view.sheetOptions, shown.element)
    if (shown.inner) view.forgetFrame(shown.inner)
    shown.inner = frame
    frame.sheets.environment = view.environment
    frame.open(content?.mode ?? 0)
    if (!content) return
    view.frames.set(content.id, frame)
    view.drawChildren(content)
    view.dresser.finish(null, true)
  }
}
