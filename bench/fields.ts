/** Field lines of requests, without Host, which the client adds. */

/** What a browser sends with each request. */
export const BROWSER_FIELDS: Readonly<Record<string, string>> = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-US,en;q=0.5',
  'Sec-Fetch-Mode': 'navigate',
};

/** What arrives when that browser comes with cookies and through a CDN: with Host 25 fields, about 1,300 bytes. */
export const CDN_FIELDS: Readonly<Record<string, string>> = {
  ...BROWSER_FIELDS,
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Dest': 'empty',
  'Sec-Ch-Ua': '"Chromium";v="141", "Not?A_Brand";v="8", "Google Chrome";v="141"',
  'Sec-Ch-Ua-Mobile': '?0',
  'Sec-Ch-Ua-Platform': '"Linux"',
  'Upgrade-Insecure-Requests': '1',
  'Cache-Control': 'max-age=0',
  Priority: 'u=0, i',
  Referer: 'https://www.example.com/products/garden/furniture?page=3&sort=price',
  Cookie:
    '_ga=GA1.2.1329487265.1731999281; _gid=GA1.2.902118763.1731999281; session=eyJ1c2VyIjo0ODI5MTd9.Z0CkZw.Vt3pYz0hD1xQm8sR2bKfJw6uNaE; ' +
    'csrftoken=8sJ2kLmQ0vXyZ1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdefABCDEFgh; theme=dark; locale=en-US',
  'If-None-Match': 'W/"5f2a-18c9d1e7a40"',
  'X-Request-Id': '7f3c1f0a-6c0e-4b7e-9b3a-2f1d5e8c4a90',
  'X-Amz-Cf-Id': 'h3VqT1t0mKzX2bJ8wYc5RrN7pLdG4sUeFa9oQiHvBxMnZkCjWyEtPg==',
  'X-Amzn-Trace-Id': 'Root=1-67408a3f-1b2c3d4e5f60718293a4b5c6',
  'Cloudfront-Viewer-Country': 'DE',
  'Cloudfront-Is-Desktop-Viewer': 'true',
  Via: '2.0 4f1c9e2d7b3a8056f1e2d3c4b5a69788.cloudfront.net (CloudFront)',
  'X-Forwarded-For': '203.0.113.47',
  'X-Forwarded-Proto': 'https',
};
