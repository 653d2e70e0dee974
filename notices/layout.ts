/** The frame of every letter, once as HTML and once as plain text. No image, no script, nothing from elsewhere. */

export const HTML_LAYOUT = `<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title><%= it.title %></title>
</head>
<body style="margin:0;padding:24px 12px;background:#f3f4f6;color:#1f2933;font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border:1px solid #dfe3e8;border-radius:8px">
<p style="margin:0 0 24px;font-size:14px;font-weight:600;color:#52606d"><%= it.brand %></p>
<h1 style="margin:0 0 20px;font-size:22px;line-height:1.3"><%= it.title %></h1>
<p style="margin:0 0 16px"><%= it.greeting %></p>
<% for (const paragraph of it.paragraphs) { %>
<p style="margin:0 0 16px"><%= paragraph %></p>
<% } %>
<% if (it.link) { %>
<p style="margin:28px 0"><a href="<%= it.link %>" style="display:inline-block;padding:12px 22px;background:#1d4ed8;color:#ffffff;border-radius:6px;font-weight:600;text-decoration:none"><%= it.button %></a></p>
<p style="margin:0;font-size:13px;color:#52606d"><%= it.orOpen %><br><a href="<%= it.link %>" style="color:#1d4ed8;word-break:break-all"><%= it.link %></a></p>
<% } %>
</div>
<p style="max-width:560px;margin:16px auto 0;font-size:12px;color:#52606d;text-align:center"><%= it.footer %></p>
</body>
</html>
`;

export const TEXT_LAYOUT = `<%= it.title %>


<%= it.greeting %>


<% for (const paragraph of it.paragraphs) { %>
<%= paragraph %>


<% } %>
<% if (it.link) { %>
<%= it.button %>

<%= it.link %>


<% } %>
--
<%= it.footer %>

`;
