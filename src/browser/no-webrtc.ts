/** @file Refuses WebRTC to pages. Sent as text. */

/**
 * For every document, before its scripts. No connection could be made anyway, and several at once crash Chromium 147
 * while it looks for a network that it may use (`Check failed: !send_in_progress_` in webrtc/rtc_base/callback_list.h).
 */
export const refuseWebRtc = `(() => {
  const Original = globalThis.RTCPeerConnection;
  if (!Original) return;
  const Refusing = new Proxy(Original, {
    construct() {
      throw new DOMException("Failed to construct 'RTCPeerConnection': WebRTC is not available.", "NotSupportedError");
    },
  });
  const value = { value: Refusing, configurable: true, writable: true, enumerable: false };
  Object.defineProperty(Original.prototype, "constructor", value);
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"])
    if (name in globalThis) Object.defineProperty(globalThis, name, value);
})()`;
