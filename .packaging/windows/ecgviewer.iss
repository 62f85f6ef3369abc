; Installer for Windows, made by build_windows.ps1, which defines Version, Program and Output.
; For the current user by default, without administrator rights; an administrator may choose "all
; users" in the first dialog, or /ALLUSERS on the command line for software distribution.

#ifndef Version
  #error Run build_windows.ps1, which passes Version, Program and Output.
#endif

[Setup]
AppId={{6C1E8F6B-2B0D-4E0C-9E53-0B8E7E2F54C1}
AppName=ECG Viewer
AppVersion={#Version}
AppVerName=ECG Viewer {#Version}
VersionInfoVersion={#Version}
DefaultDirName={autopf}\ECG Viewer
DefaultGroupName=ECG Viewer
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog commandline
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile={#Program}\LICENSE.txt
OutputDir={#Output}
OutputBaseFilename=ecgviewer-{#Version}-windows-x64
UninstallDisplayIcon={app}\ECG Viewer.exe
ChangesAssociations=yes
Compression=lzma2/max
SolidCompression=yes
LZMAUseSeparateProcess=yes
WizardStyle=modern
#ifdef Sign
SignTool=sign
SignedUninstaller=yes
#endif

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked
Name: associate; Description: "Open .hea and .ecgmodel files with ECG Viewer"

[Files]
Source: "{#Program}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[InstallDelete]
; Libraries of an older version must not stay beside the new ones.
Type: filesandordirs; Name: "{app}\_internal"
Type: filesandordirs; Name: "{app}\licenses"

[Icons]
Name: "{group}\ECG Viewer"; Filename: "{app}\ECG Viewer.exe"
Name: "{autodesktop}\ECG Viewer"; Filename: "{app}\ECG Viewer.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\Classes\ECGViewer.Record"; ValueType: string; ValueData: "WFDB record"; Flags: uninsdeletekey; Tasks: associate
Root: HKA; Subkey: "Software\Classes\ECGViewer.Record\DefaultIcon"; ValueType: string; ValueData: "{app}\ECG Viewer.exe,0"; Tasks: associate
Root: HKA; Subkey: "Software\Classes\ECGViewer.Record\shell\open\command"; ValueType: string; ValueData: """{app}\ECG Viewer.exe"" ""%1"""; Tasks: associate
Root: HKA; Subkey: "Software\Classes\ECGViewer.Model"; ValueType: string; ValueData: "ECG Viewer model"; Flags: uninsdeletekey; Tasks: associate
Root: HKA; Subkey: "Software\Classes\ECGViewer.Model\DefaultIcon"; ValueType: string; ValueData: "{app}\ECG Viewer.exe,0"; Tasks: associate
Root: HKA; Subkey: "Software\Classes\ECGViewer.Model\shell\open\command"; ValueType: string; ValueData: """{app}\ECG Viewer.exe"" ""%1"""; Tasks: associate
Root: HKA; Subkey: "Software\Classes\.hea\OpenWithProgids"; ValueType: string; ValueName: "ECGViewer.Record"; ValueData: ""; Flags: uninsdeletevalue; Tasks: associate
Root: HKA; Subkey: "Software\Classes\.ecgmodel\OpenWithProgids"; ValueType: string; ValueName: "ECGViewer.Model"; ValueData: ""; Flags: uninsdeletevalue; Tasks: associate

[Run]
Filename: "{app}\ECG Viewer.exe"; Description: "{cm:LaunchProgram,ECG Viewer}"; Flags: nowait postinstall skipifsilent
; Settings and reviews in the user's profile are never touched, neither here nor by removal.
