"""Configurations of reverse proxies as their manuals show them: everything goes to one server."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import NamedTuple


class Gateway(NamedTuple):
    """A reverse proxy."""

    program: str
    """The name of the program."""
    arguments: tuple[str, ...]
    """The arguments of the command; ``$folder``, ``$port`` and ``$server`` are filled in."""
    files: dict[str, str] = {}
    """The text of each file in the folder."""

    def prepare(self, folder: Path, port: int, server: int) -> list[str]:
        """Write the files and return the command.

        Args:
            folder: An empty folder.
            port: The port of the proxy.
            server: The port of the server behind it.
        """
        values = {"folder": str(folder), "port": str(port), "server": str(server)}
        for name, text in self.files.items():
            (folder / name).write_text(Template(text).substitute(values))
        return [self.program, *(Template(one).substitute(values) for one in self.arguments)]


APACHE = """
ServerRoot $folder
PidFile $folder/pid
Listen 127.0.0.1:$port
ServerName localhost
ErrorLog $folder/errors
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
ProxyPass / http://127.0.0.1:$server/$options
ProxyPassReverse / http://127.0.0.1:$server/
"""
NGINX = """
daemon off; pid $folder/pid; error_log stderr crit;
events {}
http {
    access_log off;
    client_body_temp_path $folder; proxy_temp_path $folder; fastcgi_temp_path $folder; uwsgi_temp_path $folder;
    scgi_temp_path $folder;
    gzip on; gzip_proxied any; gzip_types application/json;
    server { listen 127.0.0.1:$port; location / { $more proxy_pass http://127.0.0.1:$server$end; } }
}
"""


def _nginx(more: str = "", end: str = "") -> Gateway:
    text = NGINX.replace("$more", more).replace("$end", end)
    return Gateway("nginx", ("-p", "$folder", "-e", "stderr", "-c", "$folder/nginx.conf"), {"nginx.conf": text})


def _apache(options: str = "", more: str = "") -> Gateway:
    text = APACHE.replace("$options", options) + more
    return Gateway("apache2", ("-D", "FOREGROUND", "-f", "$folder/httpd.conf"), {"httpd.conf": text})


GATEWAYS: dict[str, Gateway] = {
    "nginx": _nginx(),
    "nginx, targets made canonical": _nginx(end="/"),
    "nginx, buffering off, headers added": _nginx(
        'proxy_buffering off; proxy_http_version 1.1; add_header X-Request-Id "$$request_id" always;'
        "add_header X-Frame-Options DENY always;"
    ),
    "nginx, other methods refused": _nginx("limit_except GET HEAD { deny all; }"),
    "apache": _apache(),
    "apache, targets left alone": _apache(" nocanon", "AllowEncodedSlashes NoDecode\n"),
    "apache, answering TRACE": _apache(more="TraceEnable On\nAddOutputFilterByType DEFLATE application/json\n"),
    "haproxy": Gateway(
        "haproxy",
        ("-f", "$folder/haproxy.cfg"),
        {
            "haproxy.cfg": """
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
listen one
    bind 127.0.0.1:$port
    server one 127.0.0.1:$server
"""
        },
    ),
    "varnish": Gateway(
        "varnishd",
        ("-F", "-n", "$folder", "-a", "127.0.0.1:$port", "-b", "127.0.0.1:$server", "-s", "malloc,16m"),
    ),
    "lighttpd": Gateway(
        "lighttpd",
        ("-D", "-f", "$folder/lighttpd.conf"),
        {
            "lighttpd.conf": """
server.document-root = "$folder"
server.bind = "127.0.0.1"
server.port = $port
server.modules = ("mod_proxy")
proxy.server = ("" => (("host" => "127.0.0.1", "port" => $server)))
"""
        },
    ),
    "squid": Gateway(
        "squid",
        ("-N", "-f", "$folder/squid.conf"),
        {
            "squid.conf": """
http_port 127.0.0.1:$port accel defaultsite=localhost no-vhost
cache_peer 127.0.0.1 parent $server 0 no-query originserver login=PASS
http_access allow all
cache deny all
access_log none
cache_log $folder/log
pid_filename $folder/pid
coredump_dir $folder
shutdown_lifetime 0 seconds
"""
        },
    ),
    "caddy": Gateway(
        "caddy",
        ("run", "--adapter", "caddyfile", "--config", "$folder/Caddyfile"),
        {
            "Caddyfile": """
{
    admin off
    auto_https off
    storage file_system $folder
}
http://127.0.0.1:$port {
    encode gzip
    reverse_proxy 127.0.0.1:$server
}
"""
        },
    ),
    "h2o": Gateway(
        "h2o",
        ("-m", "worker", "-c", "$folder/h2o.conf"),
        {
            "h2o.conf": """
num-threads: 1
listen:
  host: 127.0.0.1
  port: $port
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: http://127.0.0.1:$server/
"""
        },
    ),
}
"""The reverse proxies by name."""
