package main

import "github.com/cloudbase-community/tcbauth/internal/bilingual"

var (
	rootShort     = bilingual.Of("CloudBase auth on the command line", "命令行中的云开发身份认证")
	whichCommand  = bilingual.Of("a command is missing; tcbauth help lists all", "请给出子命令；tcbauth help 列出全部子命令")
	emulatorShort = bilingual.Of("Run an emulated environment until a signal stops it", "运行模拟环境，直到收到信号")
	doctorShort   = bilingual.Of("Find out why you cannot sign in, and what to do", "检查无法登录的原因，并给出处理办法")
	versionShort  = bilingual.Of("Print the version", "输出版本")

	apiShort    = bilingual.Of("Send one request to the environment's HTTP API as the signed-in user", "以当前用户身份向环境的 HTTP API 发送一个请求")
	flagData    = bilingual.Of("the `body`: a text, @FILE, or @- for standard input", "`请求体`：文本、@文件，或 @- 表示标准输入")
	flagHeader  = bilingual.Of("a `header`, \"Name: value\"; it can be repeated", "`请求头`，\"名称: 值\"，可重复")
	flagInclude = bilingual.Of("also print the status and the headers of the answer", "同时输出响应状态和响应头")
	badMethod   = bilingual.Of("this is not a method of HTTP, such as GET", "这不是 HTTP 方法（例如 GET）")
	badPath     = bilingual.Of("the path must begin with / and have no host", "路径以 / 开头，不含主机名")
	badHeader   = bilingual.Of("a header has the form \"Name: value\"; Authorization comes from the session", "请求头的形式是 \"名称: 值\"；Authorization 由会话提供")
	apiFailed   = bilingual.Of("the server has answered with status %d", "服务端返回状态 %d")
)
