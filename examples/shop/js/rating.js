// <star-rating value count>: an open shadow root with a sheet that all of them share.
const sheet = new CSSStyleSheet()
sheet.replaceSync(`
  :host { display: inline-flex; gap: 0.6rem; align-items: center; }
  button { border: 0; background: none; padding: 0; font-size: 1.3rem; color: #d9c9b2; cursor: pointer; }
  button[data-on] { color: #c1724a; }
  button:hover { color: #9c4f2b; }
  ::slotted(small) { color: #6f756f; }
`)

class StarRating extends HTMLElement {
  static observedAttributes = ['value']

  connectedCallback() {
    if (this.shadowRoot) return
    const root = this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [sheet]
    for (let star = 1; star <= 5; star++) {
      const button = document.createElement('button')
      button.type = 'button'
      button.setAttribute('aria-label', `${star} of 5`)
      button.textContent = '★'
      button.addEventListener('click', () => this.setAttribute('value', String(star)))
      root.append(button)
    }
    root.append(document.createElement('slot'))
    const count = document.createElement('small')
    count.textContent = `${this.getAttribute('count')} letters`
    this.append(count)
    this.show()
  }

  attributeChangedCallback() {
    this.show()
  }

  show() {
    const value = Number(this.getAttribute('value'))
    this.shadowRoot?.querySelectorAll('button').forEach((button, place) => button.toggleAttribute('data-on', place < value))
  }
}

customElements.define('star-rating', StarRating)
