/**
 * @file What Chromium's words for failed navigations (`net::ERR_…`) mean: the world broke, or the page went nowhere.
 */

/**
 * Whether Chromium's word for a failed navigation means that something did not work, rather than what the page or the
 * site did on purpose: endless redirects, a protocol that does not exist, an address that is refused.
 * https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h
 */
export const isWorldsError = (error: string) =>
  /ERR_(CONNECTION|TUNNEL|PROXY|NAME_|DNS|SSL|CERT|NETWORK|INTERNET|ADDRESS_(INVALID|UNREACHABLE)|TIMED_OUT|SOCKET|EMPTY_RESPONSE|INVALID_HTTP_RESPONSE|INVALID_CHUNKED|INCOMPLETE_CHUNKED|CONTENT_|RESPONSE_HEADERS|HTTP2|HTTP_1_1|QUIC|INSUFFICIENT|OUT_OF_MEMORY|FAILED\b|UNEXPECTED)/.test(
    error,
  );

const REASONS: Record<string, string> = {
  ERR_TOO_MANY_REDIRECTS: "it redirects without end",
  ERR_UNKNOWN_URL_SCHEME: "nothing here opens such addresses",
  ERR_UNSAFE_PORT: "its port is refused",
  ERR_UNSAFE_REDIRECT: "it redirects to an address that is refused",
  ERR_CACHE_MISS: "the page is the answer to a form and cannot be shown again",
  ERR_FILE_NOT_FOUND: "it does not exist any more",
};
/** What the agent reads. */
export function explainNetError(error: string): string {
  const code = /ERR_\w+/.exec(error)?.[0] ?? error;
  return REASONS[code] ?? code;
}
