/** What the proxy's configuration depends on. */
export interface ProxySettings {
  /** Public host name, or null for plain HTTP on localhost. */
  readonly domain: string | null;
  /** Port of the host that people use for HTTPS: where plain requests are sent on to. @default 443 */
  readonly httpsPort?: number;
  /** files: given ones beside this configuration; acme: what the ACME client keeps, which also answers challenges. @default "files" */
  readonly certificate?: "files" | "acme";
}

/** Where the two containers meet: the ACME client writes, the proxy reads. */
export const acmePaths = { certificates: "/run/certs", challenges: "/run/challenge" } as const;

/** A file of 50 MB, and 1 MB for the form around it: the application judges the file itself, and says so in its own words. */
const bodyLimit = "51m";

/** The proxy's nginx.conf: one origin for page and API, streams unbuffered, TLS 1.3 and strict headers with a domain. */
export function nginxConf(settings: ProxySettings): string {
  return `${preamble}
${settings.domain === null ? plainServers : tlsServers(settings.domain, settings)}
}
`;
}

const preamble = `# As many as the machine has processors would each take memory for all its connections: two serve what one host can.
worker_processes 2;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
# A new certificate starts new workers; the old ones stay until their streams end, an hour at most.
worker_shutdown_timeout 1h;

events {
  # Two for each request that waits for its answer. Whoever finds none left is cut off without a word, so there are more than the
  # API lets in and queues: that one says 429 or 503 and when to come again.
  worker_connections 4096;
}

http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
  server_tokens off;
  sendfile on;
  client_max_body_size ${bodyLimit};
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  # nginx 1.26 resolves a plain upstream name once; a variable is resolved again, so a new container is found.
  resolver 127.0.0.11 valid=2s ipv6=off;

  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  # Server-sent events must pass at once, and a silent gap is longer than a heartbeat.
  proxy_buffering off;
  proxy_cache off;
  proxy_request_buffering off;
  # A replica that takes no connection is passed over for the next one; what was sent is sent again only where asking twice is
  # as good as asking once (nginx leaves POST out).
  proxy_next_upstream error timeout;
  proxy_connect_timeout 5s;
  proxy_read_timeout 3600s;
  proxy_send_timeout 3600s;
`;

/** What the proxy itself has to say to callers of the API: in the shape that both its faces use. */
const ownErrors = {
  413: { message: "The request is too large.", type: "invalid_request_error", param: null, code: "too_large" },
  502: { message: "Fidus cannot be reached. Try again shortly.", type: "api_error", param: null, code: "unreachable" },
  504: { message: "Fidus did not answer in time.", type: "api_error", param: null, code: "unreachable" },
} as const;

const ownErrorPages = Object.entries(ownErrors)
  .map(
    ([status, error]) => `    location @error-${status} {
      default_type application/json;
      return ${status} '${JSON.stringify({ error })}';
    }`,
  )
  .join("\n");

/** API replicas at most. */
const mostReplicas = 8;
const replicas = Array.from({ length: mostReplicas }, (_, index) => index + 1);

/** Where a replica leaves a file with its number while it finishes its work and takes no more. */
export const leavingFolder = "/run/leaving";

/** The names a replica answers to: the role's, and one for each of the others that may be leaving. */
export function replicaAliases(replica: number): string[] {
  return ["api", ...replicas.filter((other) => other !== replica).map((other) => `api-without-${other}`)];
}

const toApi = `      set $api http://api:8000;
${replicas.map((replica) => `      if (-f ${leavingFolder}/${replica}) { set $api http://api-without-${replica}:8000; }`).join("\n")}
      proxy_pass $api;
${Object.keys(ownErrors)
  .map((status) => `      error_page ${status} @error-${status};`)
  .join("\n")}
    }
${ownErrorPages}`;

const apiLocation = `    location ~ ^/(api/|v1/|docs$|health$|healthz$|health/) {
${toApi}`;

const pageLocation = `    location / {
      set $web http://web:3000;
      proxy_pass $web;
      # The page itself holds no secret that its length could tell; what people say never comes this way.
      gzip on;
      gzip_vary on;
      gzip_proxied any;
      gzip_types text/css text/javascript image/svg+xml;
    }`;

const apiOnly = `  server {
    listen 8081;
    location / {
${toApi}
  }`;

const ownHealth = `    location = /proxy-health {
      access_log off;
      return 200 "ok";
    }`;

const plainServers = `  server {
    listen 8080;
${ownHealth}
${apiLocation}
${pageLocation}
  }
${apiOnly}`;

const challenges = `    location ^~ /.well-known/acme-challenge/ {
      default_type text/plain;
      alias ${acmePaths.challenges}/;
    }
`;

/** Chain and key. The ACME client keeps both in one file, so that they change at once. */
const certificateFiles = {
  files: ["/run/fidus/tls.crt", "/run/fidus/tls.key"],
  acme: [`${acmePaths.certificates}/tls.pem`, `${acmePaths.certificates}/tls.pem`],
} as const;

/** "always": error pages carry the headers as well. */
const pageHeaders = `    add_header X-Frame-Options SAMEORIGIN always;
    add_header X-Content-Type-Options nosniff always;`;

function tlsServers(domain: string, { httpsPort = 443, certificate = "files" }: ProxySettings): string {
  const [chain, key] = certificateFiles[certificate];
  return `  server {
    listen 8080;
    server_name _;
${pageHeaders}
${ownHealth}
${certificate === "acme" ? challenges : ""}    location / {
      return 301 https://${domain}${httpsPort === 443 ? "" : `:${httpsPort}`}$request_uri;
    }
  }
  server {
    listen 8443 ssl;
    http2 on;
    server_name ${domain};
    ssl_certificate ${chain};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.3;
    ssl_prefer_server_ciphers on;
    ssl_session_cache shared:tls:1m;
    ssl_session_tickets off;
    # Over TLS only: RFC 6797 forbids it on plain HTTP.
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
${pageHeaders}
    # The application sets its own copies for plain HTTP; one of each is enough.
    proxy_hide_header Strict-Transport-Security;
    proxy_hide_header X-Frame-Options;
    proxy_hide_header X-Content-Type-Options;
${apiLocation}
${pageLocation}
  }`;
}
