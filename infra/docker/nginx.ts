/** What the proxy's configuration depends on. */
export interface ProxySettings {
  /** Public host name, or null for plain HTTP on localhost. */
  readonly domain: string | null;
}

const bodyLimit = "50m";

/** The proxy's nginx.conf: one origin for page and API, streams unbuffered, TLS 1.3 and strict headers with a domain. */
export function nginxConf(settings: ProxySettings): string {
  return `${preamble}
${settings.domain === null ? plainServers : tlsServers(settings.domain)}
}
`;
}

const preamble = `worker_processes auto;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
worker_shutdown_timeout 30s;

events {
  worker_connections 1024;
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
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  # Server-sent events must pass at once, and a silent gap is longer than a heartbeat.
  proxy_buffering off;
  proxy_cache off;
  proxy_request_buffering off;
  proxy_connect_timeout 5s;
  proxy_read_timeout 3600s;
  proxy_send_timeout 3600s;
`;

const apiLocation = `    location ~ ^/(api/|v1/|docs$|health$|healthz$|health/) {
      set $api http://api:8000;
      proxy_pass $api;
    }`;

const pageLocation = `    location / {
      set $web http://web:3000;
      proxy_pass $web;
    }`;

const apiOnly = `  server {
    listen 8081;
    location / {
      set $api http://api:8000;
      proxy_pass $api;
    }
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

function tlsServers(domain: string): string {
  return `  # "always": error pages carry the headers as well.
  add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
  add_header X-Frame-Options SAMEORIGIN always;
  add_header X-Content-Type-Options nosniff always;

  server {
    listen 8080;
    server_name _;
${ownHealth}
    location / {
      return 301 https://${domain}$request_uri;
    }
  }
  server {
    listen 8443 ssl;
    http2 on;
    server_name ${domain};
    ssl_certificate /run/fidus/tls.crt;
    ssl_certificate_key /run/fidus/tls.key;
    ssl_protocols TLSv1.3;
    ssl_session_cache shared:tls:1m;
    ssl_session_tickets off;
    # The application sets its own copies for plain HTTP; one of each is enough.
    proxy_hide_header Strict-Transport-Security;
    proxy_hide_header X-Frame-Options;
    proxy_hide_header X-Content-Type-Options;
${apiLocation}
${pageLocation}
  }`;
}
